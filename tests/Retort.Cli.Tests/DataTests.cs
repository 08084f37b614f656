using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class DataTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("countdown", "id,split,numbers,target,solution,variant,heuristic,trace,solved,tokens")]
    [InlineData("sudoku", "id,split,puzzle,solution,variant,reverts,trace,tokens")]
    [InlineData("instructions", "id,split,kind,prompt,answer,output_tokens")]
    [InlineData("data scrambled-arithmetic --n 5 --out x --set task.shares.program=2", "--set task.shares.program=2: task.shares.program: is 2; expected a number in 0..1")]
    [InlineData("data scrambled-arithmetic --n 5 --out x --set task.steps=0..3", "--set task.steps=0..3: task.steps: is 0..3; expected a range within 1..8")]
