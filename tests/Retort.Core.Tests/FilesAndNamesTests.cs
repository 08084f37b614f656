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

    [Fact]
    public void A_link_stays_and_its_target_is_written()
    {
        var (target, link) = (Path.Combine(root, "inner", "c.txt"), Path.Combine(root, "link"));
        File.CreateSymbolicLink(link, Path.Combine("inner", "c.txt"));
        foreach (var text in new[] { "new", "newer" })
        {
            AtomicFile.WriteText(link, text);
            Assert.Equal(text, File.ReadAllText(target));
            Assert.NotNull(new FileInfo(link).LinkTarget);
            Assert.Equal([target], Directory.GetFiles(Path.Combine(root, "inner")));
        }
    }

    [Fact]
    public async Task A_pipe_and_a_device_are_written_to_and_stay()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "named pipes and /dev");
        var pipe = Path.Combine(root, "pipe");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        // On a thread of its own: opening a pipe waits for its other end.
        var read = Task.Run(() => File.ReadAllText(pipe), TestContext.Current.CancellationToken);
        AtomicFile.WriteText(pipe, "through");
        Assert.Equal("through", await read);
        // A link, so that a mistake replaces the link and not the machine's device.
        var link = Path.Combine(root, "null");
        File.CreateSymbolicLink(link, "/dev/null");
        AtomicFile.WriteText(link, "gone");
        Assert.Equal("", File.ReadAllText("/dev/null"));
        Assert.Equal([link, pipe], Directory.GetFileSystemEntries(root).Order());
    }

    [Theory]
    [InlineData("learningrate", "learningRate")]
    [InlineData("batchSequence", "batchSequences")]
    [InlineData("zzzzzz", null)]
    public void The_nearest_name_is_found_or_none(string typed, string? meant) =>
        Assert.Equal(meant, NearestName.Of(typed, ["learningRate", "batchSequences", "seed"]));
}
