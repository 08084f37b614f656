using Retort.Inference.Kv;
using CsCheck;

namespace Retort.Inference.Tests.Kv;

public sealed class PageAllocatorTests
{
    /// <summary>Random takes, shares and releases against a plain count of holders.</summary>
    [Fact]
    public void Pages_are_held_as_often_as_they_were_taken_and_shared_and_none_is_lost() =>
        Gen.Int[0, 1_000_000].Array[0, 200].Sample(
            choices =>
            {
                const int pages = 9;
                var allocator = new PageAllocator(pages);
                var holders = new int[pages];
                foreach (var choice in choices)
                {
                    var page = choice / 3 % pages;
                    switch (choice % 3)
                    {
                        case 0 when allocator.NumFree > 0:
                            page = allocator.Take();
                            Assert.Equal(0, holders[page]);
                            holders[page] = 1;
                            break;
                        case 0:
                            Assert.Throws<InvalidOperationException>(() => allocator.Take());
                            break;
                        case 1 when holders[page] > 0:
                            Assert.Equal(page, allocator.Share(page));
                            holders[page]++;
                            break;
                        case 1:
                            Assert.Throws<InvalidOperationException>(() => allocator.Share(page));
                            break;
                        case 2 when holders[page] > 0:
                            allocator.Release(page);
                            holders[page]--;
                            break;
                        default:
                            Assert.Throws<InvalidOperationException>(() => allocator.Release(page));
                            break;
                    }

                    Assert.Equal(holders.Count(count => count == 0), allocator.NumFree);
                }
            },
            iter: 300, threads: 1);
}
