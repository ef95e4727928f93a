#include "os/scope.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>

#include "base/error.h"

namespace tutti::os {
namespace {

TEST(Scope, FirstErrorCancelsTheOthersAndIsThrown) {
    Scope scope;
    scope.spawn([&] { scope.sleep(std::chrono::hours(1)); });
    scope.spawn([] { throw base::Error(base::ErrorKind::internal, "boom"); });
    EXPECT_THROW(scope.join(), base::Error);
}

TEST(Scope, CancellingAParentCancelsItsChildren) {
    Scope parent;
    Scope child = parent.child();
    child.spawn([&] { child.sleep(std::chrono::hours(1)); });
    parent.cancel().cancel();
    EXPECT_THROW(child.join(), base::Cancelled);
}

TEST(Wait, SaysWhenADescriptorIsReadable) {
    const Pipe pipe = make_pipe();
    const Cancel cancel;
    EXPECT_EQ(wait(pipe.read, POLLIN, cancel, Clock::now()), Ready::timed_out);
    write_all(pipe.write, "x");
    EXPECT_EQ(wait(pipe.read, POLLIN, cancel), Ready::yes);
}

TEST(Parallel, DoesEachPieceOnce) {
    Scope scope;
    std::atomic<int> sum{0};
    parallel(scope, 100, 4, [&](std::size_t i) { sum += static_cast<int>(i); });
    EXPECT_EQ(sum, 4950);
}

TEST(Queue, EndsAfterClose) {
    Queue<int> queue;
    queue.push(1);
    queue.close();
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_FALSE(queue.pop());
}

}  // namespace
}  // namespace tutti::os
