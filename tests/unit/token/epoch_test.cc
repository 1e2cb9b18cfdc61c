// Room: tests. The page that applications read, and what turns it.
#include "daemon/token/epoch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <functional>

#include "daemon/token/object_index.h"

namespace gw {
namespace {

// As an application sees it.
class Page {
 public:
  explicit Page(const Epoch& epoch)
      : page_(mmap(nullptr, sizeof(std::uint64_t), PROT_READ, MAP_SHARED, epoch.descriptor(), 0)) {}
  ~Page() { munmap(page_, sizeof(std::uint64_t)); }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  std::uint64_t Read() const { return *static_cast<const volatile std::uint64_t*>(page_); }
  bool mapped() const { return page_ != MAP_FAILED; }

 private:
  void* page_;
};

TEST(EpochTest, EachBumpShowsANumberThatWasNotThereBefore) {
  Epoch epoch;
  const Page page(epoch);
  ASSERT_TRUE(page.mapped());
  std::uint64_t before = page.Read();
  EXPECT_NE(before, 0u);
  for (int i = 0; i < 1000; ++i) {
    epoch.Bump();
    EXPECT_GT(page.Read(), before);
    before = page.Read();
  }
}

TEST(EpochTest, ItIsZeroWhileNothingMayBeRemembered) {
  Epoch epoch;
  const Page page(epoch);
  const std::uint64_t before = page.Read();
  epoch.Offer(false);
  EXPECT_EQ(page.Read(), 0u);
  epoch.Bump();
  EXPECT_EQ(page.Read(), 0u);
  epoch.Offer(true);
  EXPECT_GT(page.Read(), before + 1);
}

TEST(EpochTest, ALaterDaemonShowsNothingThatAnEarlierOneHasShown) {
  std::uint64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    Epoch epoch;
    const Page page(epoch);
    EXPECT_GT(page.Read(), last);
    for (int bumps = 0; bumps < 10; ++bumps) epoch.Bump();
    last = page.Read();
  }
}

TEST(EpochTest, ApplicationsCanNeitherWriteItNorChangeItsSize) {
  Epoch epoch;
  const int fd = epoch.descriptor();
  const std::uint64_t forged = 0;
  EXPECT_EQ(pwrite(fd, &forged, sizeof forged, 0), -1);
  EXPECT_EQ(ftruncate(fd, 0), -1);
  EXPECT_EQ(ftruncate(fd, 1 << 20), -1);
  EXPECT_EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
  EXPECT_EQ(mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  void* page = mmap(nullptr, 8, PROT_READ, MAP_SHARED, fd, 0);
  ASSERT_NE(page, MAP_FAILED);
  EXPECT_EQ(mprotect(page, 8, PROT_READ | PROT_WRITE), -1);
  munmap(page, 8);
  // It is closed when another program takes the place of the daemon.
  EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

ObjectPtr ObjectOfNumber(std::uint64_t number) {
  auto object = std::make_shared<Object>();
  object->number = number;
  return object;
}

TEST(EpochTest, TokenObjectsThatChangeOrGoAreEpochsAndNewOnesAreNone) {
  Epoch epoch;
  const Page page(epoch);
  ObjectIndex objects;
  objects.CountIn(epoch);
  std::uint64_t before = page.Read();
  objects.Put(ObjectOfNumber(1));
  objects.Put(ObjectOfNumber(2));
  objects.Remove(3);
  EXPECT_EQ(page.Read(), before);
  for (const std::function<void()>& change :
       {std::function<void()>([&] { objects.Put(ObjectOfNumber(1)); }),
        {[&] { objects.Remove(1); }},
        {[&] { objects.Clear(); }}}) {
    change();
    EXPECT_NE(page.Read(), before);
    before = page.Read();
  }
}

}  // namespace
}  // namespace gw
