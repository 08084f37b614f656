namespace Retort.Core.Tests;

/// <summary>Writes that leave the old file or the new one, and the name a mistyped one meant.</summary>
public sealed class FilesAndNamesTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("retort-core-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_else()
    {
        var path = Path.Combine(root, "a.txt");
        AtomicFile.WriteText(path, "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(root));
    }

    [Fact]
    public void A_full_disk_is_a_fault_of_the_environment_that_names_the_file()
    {
        var path = Path.Combine(root, "b.txt");
        var error = Assert.Throws<UserError>(() => AtomicFile.Write(path, _ => throw new IOException("No space left on device")));
        Assert.Equal(1, error.ExitCode);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("No space left", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    [Theory]
    [InlineData("learningrate", "learningRate")]
    [InlineData("batchSequence", "batchSequences")]
    [InlineData("zzzzzz", null)]
    public void The_nearest_name_is_found_or_none(string typed, string? meant) =>
        Assert.Equal(meant, NearestName.Of(typed, ["learningRate", "batchSequences", "seed"]));
}
