using Retort.Core;
using Retort.TinyModels;

namespace Retort.Training.Tests;

/// <summary>n steps are k steps, an end of any kind, and the rest (law 2).</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly string folder = Path.Combine(
        Path.GetTempPath(), $"retort-resume-{Environment.ProcessId}-{Interlocked.Increment(ref count)}");

    private static int count;

    public static TheoryData<string> Cases => [.. TransformerCases.All.Keys];

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_run_that_was_cancelled_and_one_that_crashed_end_with_the_unbroken_runs_bits(string name)
    {
        using var unbroken = new TinyRun(name);
        unbroken.Take(7);

        var checkpoint = new TrainingCheckpoint(folder);
        using (var cancelled = new TinyRun(name))
        {
            using var source = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => Run(cancelled, result => Act(result.Step == 3, source.Cancel), source.Token));
            Assert.EndsWith("step-00000003", checkpoint.Latest, StringComparison.Ordinal);
        }

        using (var crashed = new TinyRun(name, threads: 1))
        {
            Assert.Throws<InvalidOperationException>(() => Run(crashed, result =>
                Act(result.Step == 5, () => throw new InvalidOperationException()), TestContext.Current.CancellationToken));
            Assert.EndsWith("step-00000004", checkpoint.Latest, StringComparison.Ordinal);
        }

        using var resumed = new TinyRun(name);
        Run(resumed, resumed.Note, TestContext.Current.CancellationToken);
        Assert.Equal(unbroken.Steps[4..], resumed.Steps);
        Assert.Equal(unbroken.Hash, resumed.Hash);
        Assert.Single(Directory.GetDirectories(folder));

        void Run(TinyRun run, Action<StepResult> stepped, CancellationToken cancellation) => TrainingLoop.Run(
            run.Model, run.Trainer, 7,
            new TrainingLoopOptions { Checkpoint = checkpoint, CheckpointEvery = 2, Stepped = stepped }, cancellation);

        static void Act(bool now, Action action)
        {
            if (now)
            {
                action();
            }
        }
    }

    [Fact]
    public void A_run_killed_again_and_again_ends_with_the_unbroken_runs_bits()
    {
        using var unbroken = new TinyRun();
        unbroken.Take(ChildProgram.KilledSteps);

        // A checkpoint follows every step, so the kill lands in a step or in the midst of writing one.
        foreach (var lines in new[] { 1, 4, 2 })
        {
            using var child = ChildProgram.Start(folder);
            for (var line = 0; line < lines; line++)
            {
                Assert.StartsWith("step", child.StandardOutput.ReadLine(), StringComparison.Ordinal);
            }

            child.Kill();
            child.WaitForExit();
            Assert.NotEqual(0, child.ExitCode);
        }

        using var last = ChildProgram.Start(folder);
        var output = last.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        last.WaitForExit();
        Assert.Equal(unbroken.Hash, output[^1]);
        Assert.InRange(int.Parse(output[0].AsSpan("step ".Length)), 3, ChildProgram.KilledSteps);
        Assert.Single(Directory.GetDirectories(folder));
    }

    [Theory]
    [InlineData("training_state.json")]
    [InlineData("training_moments.safetensors")]
    [InlineData("model.safetensors")]
    public void A_damaged_checkpoint_is_told_and_nothing_else_happens(string file)
    {
        var checkpoint = new TrainingCheckpoint(folder);
        using var run = new TinyRun();
        run.Take(1);
        checkpoint.Save(run.Model, run.Trainer, null);
        var path = Path.Combine(checkpoint.Latest!, file);
        var bytes = File.ReadAllBytes(path);
        foreach (var length in new[] { 0, 1, bytes.Length / 2, bytes.Length - 2 })
        {
            File.WriteAllBytes(path, bytes[..length]);
            using var other = new TinyRun();
            Assert.Throws<UserError>(() => checkpoint.TryRestore(other.Model, other.Trainer));
        }
    }

    [Fact]
    public void A_checkpoint_of_another_model_is_refused()
    {
        var checkpoint = new TrainingCheckpoint(folder);
        using var run = new TinyRun("llama");
        checkpoint.Save(run.Model, run.Trainer, null);
        using var other = new TinyRun("query and key norms");
        Assert.Contains(
            "another model", Assert.Throws<UserError>(() => checkpoint.TryRestore(other.Model, other.Trainer)).Message,
            StringComparison.Ordinal);
    }
}
