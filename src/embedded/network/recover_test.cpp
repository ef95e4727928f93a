// After kill -9 at any moment, after a flush by somebody else, beside another firewall.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/network/lab_test.h"
#include "embedded/network/nft.h"
#include "embedded/network/options.h"

namespace tutti::embedded::network {
namespace {

using namespace lab;

class Recovery : public testing::Test {
  protected:
    Machine machine;
    Networks networks = machine.networks();
    os::Netlink netlink{NETLINK_NETFILTER};

    std::string table() {
        for (const nft::ChainInfo& chain : nft::chains(netlink))
            if (chain.table.starts_with("tutti-")) return chain.table;
        return "none";
    }
    void flush_ruleset() {
        nft::Transaction t(table());
        ASSERT_EQ(t.delete_table().commit(netlink).error, 0);
    }
    std::vector<std::string> files() {
        std::vector<std::string> all;
        for (const std::string& id : os::list_folder(machine.folder.path())) {
            if (id.size() != 64) continue;
            for (const char* kind : {"endpoints", "addresses"})
                for (const std::string& name : os::list_folder(base::cat(machine.folder.path(), "/", id, "/", kind)))
                    all.push_back(name);
        }
        return all;
    }
};

const auto nobody = [](const std::string&) { return false; };
const auto everybody = [](const std::string&) { return true; };

TEST_F(Recovery, AKilledStartOrStopLeavesNothing) {
    networks.create(dual("web"));
    networks.create(named("back"));
    const auto before = machine.inventory();
    int killed = 0;
    // Each child is killed a little later than the one before, somewhere between its first step and its last.
    for (int after = 0; after < 40; ++after) {
        const pid_t child = ::fork();
        if (child == 0) {
            Networks mine = machine.networks();
            for (;;) {
                const Box box = start(mine, 'a', {"web", "back"}, {{.container_port = 80, .host_first = 8080}});
                mine.detach(box.id);
            }
        }
        ASSERT_GT(child, 0);
        ::usleep(static_cast<useconds_t>(300 * after));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        killed += WIFSIGNALED(status) ? 1 : 0;
        networks.recover(nobody);
        ASSERT_TRUE(files().empty()) << "killed after " << 300 * after << " µs";
        const Box box = start(networks, 'b', {"web", "back"}, {{.container_port = 80, .host_first = 8080}});
        ASSERT_EQ(box.attached.endpoints[0].ipv4->address.raw().back(), 2) << "all addresses are free again";
        networks.detach(box.id);
    }
    EXPECT_EQ(killed, 40);
    machine.wait_for_links_to_go();
    EXPECT_EQ(machine.inventory(), before);
}

TEST_F(Recovery, AKilledCreateOrRemoveLeavesAWholeNetworkOrNone) {
    const auto before = machine.inventory();
    for (int after = 0; after < 30; ++after) {
        const pid_t child = ::fork();
        if (child == 0) {
            Networks mine = machine.networks();
            for (;;) {
                mine.create(dual("web"));
                mine.remove("web");
            }
        }
        ASSERT_GT(child, 0);
        ::usleep(static_cast<useconds_t>(400 * after));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        networks.recover(nobody);
        if (!networks.find("web")) networks.create(dual("web"));
        const Box a = start(networks, 'a', {"web"}), b = start(networks, 'b', {"web"});
        TcpServer server(b.sandbox.netns, "::", 80);
        ASSERT_TRUE(ask_tcp(a.sandbox.netns, b.address6(), 80, server)) << "killed after " << 400 * after << " µs";
        networks.detach(a.id);
        networks.detach(b.id);
        networks.remove("web");
        ASSERT_EQ(os::list_folder(machine.folder.path() + "/names").size(), 0U);
    }
    machine.wait_for_links_to_go();
    EXPECT_EQ(machine.inventory(), before);
}

TEST_F(Recovery, LivingContainersAreKeptAndDeadOnesDropped) {
    networks.create(named("web"));
    const PortSpec port{.container_port = 80, .host_first = 8080};
    const Box a = start(networks, 'a', {"web"}, {port});
    const pid_t child = ::fork();  // starts a container and dies
    if (child == 0) {
        Networks mine = machine.networks();
        const Box b = start(mine, 'b', {"web"});
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ASSERT_EQ(networks.endpoints("web").size(), 2U);
    const std::string link = networks.endpoints("web")[1].host_interface;
    networks.recover([&](const std::string& container) { return container == a.id; });
    ASSERT_EQ(networks.endpoints("web").size(), 1U);
    EXPECT_EQ(networks.endpoints("web")[0].container, a.id);
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, server));
    EXPECT_FALSE(os::Links().find(link)) << "its link is gone";
}

TEST_F(Recovery, AContainerThatIsJustBeingStartedIsLeftAlone) {
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"});
    networks.recover(nobody);  // nobody knows it yet, but we who attached it live
    EXPECT_EQ(networks.endpoints("web").size(), 1U);
}

TEST_F(Recovery, TheNextStartOfTheSameContainerCleansUpAfterAKilledOne) {
    networks.create(named("web"));
    const Box first = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    const Box second = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8081}});
    EXPECT_EQ(second.address(), first.address());
    EXPECT_EQ(files().size(), 2U) << "one endpoint, one address";
}

TEST_F(Recovery, ARebootForgetsEndpointsAndKeepsNetworks) {
    networks.create(named("web"));
    { const Box a = start(networks, 'a', {"web"}); }
    os::write_file(machine.folder.path() + "/boot", "another boot\n");
    Networks after = machine.networks();
    EXPECT_TRUE(after.endpoints("web").empty());
    EXPECT_EQ(start(after, 'b', {"web"}).address(), "172.17.0.2");
}

TEST_F(Recovery, AFlushIsNoticedAndEverythingRestored) {
    networks.create(named("web"));
    networks.create(named("other"));
    const Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    const Box b = start(networks, 'b', {"other"});
    const os::Fd watch = networks.watch_firewall();
    EXPECT_FALSE(networks.repair_if_damaged(watch));
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80);
    flush_ruleset();
    EXPECT_FALSE(ask_tcp(machine.lan, "10.9.0.1", 8080, server, 100ms));
    ASSERT_TRUE(readable(watch, 2s));
    EXPECT_TRUE(networks.repair_if_damaged(watch));
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, server)) << "ports";
    EXPECT_FALSE(ask_tcp(b.sandbox.netns, a.address(), 80, server, 100ms)) << "isolation";
    EXPECT_FALSE(networks.repair_if_damaged(watch)) << "our own repair is no damage";
}

TEST_F(Recovery, AStartAfterAFlushRestoresThePortsOfTheOthersToo) {
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    flush_ruleset();
    const Box b = start(networks, 'b', {"web"}, {{.container_port = 80, .host_first = 8081}});
    TcpServer first(a.sandbox.netns, "0.0.0.0", 80), second(b.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, first));
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8081, second));
    flush_ruleset();
    networks.detach(b.id);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, first)) << "a stop restores them as well";
}

TEST_F(Recovery, ThePortsWorkByTheRelayWhileTheRulesAreAway) {
    networks.create(named("web"));
    Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    PortRelay relay = relay_of(a);
    flush_ruleset();
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, server, 2s, &relay));
}

TEST_F(Recovery, ADeletedBridgeComesBackWithItsPorts) {
    const Network network = networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"}), b = start(networks, 'b', {"web"});
    os::Links links;
    links.remove(links.find(network.bridge)->index);
    TcpServer server(b.sandbox.netns, "0.0.0.0", 80);
    EXPECT_FALSE(ask_tcp(a.sandbox.netns, b.address(), 80, server, 100ms));
    networks.recover(everybody);
    EXPECT_TRUE(ask_tcp(a.sandbox.netns, b.address(), 80, server));
}

// dockerd's FORWARD chain drops what it does not know; its DOCKER-USER chain is the place for others.
class BesideDocker : public Recovery {
  protected:
    void docker(bool with_user_chain) {
        nft::Transaction t("filter", NFPROTO_IPV4);
        t.add_table()
            .add_chain("DOCKER-USER")
            .add_chain("FORWARD", nft::Hook{"filter", NF_INET_FORWARD, 0}, nft::Policy::drop);
        if (with_user_chain) t.add_rule("FORWARD", nft::Rule().counter().verdict(nft::Verdict::jump, "DOCKER-USER"));
        ASSERT_EQ(t.commit(netlink).error, 0);
    }
    std::size_t rules_of_docker() { return nft::rules(netlink, "filter", NFPROTO_IPV4).size(); }
};

TEST_F(BesideDocker, OurBridgesAreLetThroughAndTakenOutAgain) {
    docker(true);
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80), outside(machine.lan, "10.9.0.2", 80);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, server));
    EXPECT_TRUE(ask_tcp(a.sandbox.netns, "10.9.0.2", 80, outside));
    EXPECT_EQ(rules_of_docker(), 3U);
    networks.repair();
    EXPECT_EQ(rules_of_docker(), 3U) << "not twice";
    networks.detach(a.id);
    networks.remove("web");
    EXPECT_EQ(rules_of_docker(), 1U);
}

TEST_F(BesideDocker, ADockerThatStartsLaterIsNoticed) {
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    const os::Fd watch = networks.watch_firewall();
    docker(true);
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80);
    EXPECT_FALSE(ask_tcp(machine.lan, "10.9.0.1", 8080, server, 100ms));
    ASSERT_TRUE(readable(watch, 2s));
    networks.repair_if_damaged(watch);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, server));
}

TEST_F(BesideDocker, AForeignChainThatDropsIsReported) {
    networks.create(named("web"));
    EXPECT_TRUE(networks.closed_by_others().empty());
    nft::Transaction t("mine", NFPROTO_INET);
    t.add_table().add_chain("fw", nft::Hook{"filter", NF_INET_FORWARD, 0}, nft::Policy::drop);
    ASSERT_EQ(t.commit(netlink).error, 0);
    EXPECT_EQ(networks.closed_by_others(), std::vector<std::string>{"mine fw"});
}

}  // namespace
}  // namespace tutti::embedded::network
