#include "embedded/cdi.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "os/file.h"

namespace tutti::embedded {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Cdi : public testing::Test {
  protected:
    Cdi() {
        os::write_file(temp.path() + "/vendor.json", R"({"cdiVersion": "0.6.0", "kind": "vendor.com/card",
            "containerEdits": {"env": ["COMMON=1"]},
            "devices": [{"name": "a", "containerEdits": {"env": ["CARD=a"], "deviceNodes": [{"path": "/dev/card", "hostPath": "/dev/null", "permissions": "rw"}],
                         "mounts": [{"hostPath": "/lib/card", "containerPath": "/lib/card", "options": ["ro", "nosuid", "rbind"]}],
                         "hooks": [{"hookName": "createContainer", "path": "/bin/hook", "args": ["hook"]}]}},
                        {"name": "rdt", "containerEdits": {"intelRdt": {}}}]})");
        os::write_file(
            temp.path() + "/gpu.yaml",
            "cdiVersion: 0.6.0\nkind: nvidia.com/gpu\ndevices:\n- name: all\n  containerEdits: {env: [GPUS=all]}\n"
            "- name: \"0\"\n  containerEdits: {env: [GPUS=0]}\n");
    }
    std::string failure(const std::vector<std::string>& names) {
        runtime::BoxRequest request;
        try {
            add_cdi_devices(names, {temp.path()}, request);
        } catch (const base::Error& error) { return error.what(); }
        return {};
    }
    os::TempFolder temp;
};

TEST_F(Cdi, BringsNodesVariablesMountsAndHooks) {
    runtime::BoxRequest request;
    request.env = {"CARD=none", "A=b"};
    add_cdi_devices({"vendor.com/card=a"}, {temp.path()}, request);
    EXPECT_THAT(request.env, ElementsAre("A=b", "COMMON=1", "CARD=a"));
    ASSERT_EQ(request.devices.size(), 1u);
    EXPECT_EQ(request.devices[0].host_path, "/dev/null");
    EXPECT_EQ(request.devices[0].box_path, "/dev/card");
    ASSERT_EQ(request.mounts.size(), 1u);
    EXPECT_TRUE(request.mounts[0].read_only && request.mounts[0].recursive);
    EXPECT_THAT(request.mounts[0].options, ElementsAre("nosuid"));
    ASSERT_EQ(request.hooks.create_container.size(), 1u);
}

TEST_F(Cdi, WhatIsNotThereOrNotDoneIsNamed) {
    EXPECT_THAT(failure({"vendor.com/card=b"}), HasSubstr("unresolvable CDI devices vendor.com/card=b"));
    EXPECT_THAT(failure({"vendor.com/card=rdt"}), HasSubstr("intelRdt is not supported"));
    os::write_file(temp.path() + "/broken.json", "{}");
    EXPECT_THAT(failure({"vendor.com/card=a"}), HasSubstr("broken.json is no CDI specification"));
}

TEST_F(Cdi, GpusAreFoundByCountAndId) {
    engine::DeviceRequest request;
    request.capabilities = {{"gpu"}};
    request.count = -1;
    EXPECT_THAT(cdi_names(request, {temp.path()}), ElementsAre("nvidia.com/gpu=all"));
    request.count = 1;
    EXPECT_THAT(cdi_names(request, {temp.path()}), ElementsAre("nvidia.com/gpu=0"));
    request.device_ids = {"7"};
    EXPECT_THAT(cdi_names(request, {temp.path()}), ElementsAre("nvidia.com/gpu=7"));
    request.device_ids.clear();
    EXPECT_THROW(cdi_names(request, {}), base::Error);
    request.driver = "amd";
    EXPECT_THROW(cdi_names(request, {temp.path()}), base::Error);
}

}  // namespace
}  // namespace tutti::embedded
