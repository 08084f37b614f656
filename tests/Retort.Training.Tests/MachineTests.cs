namespace Retort.Training.Tests;

/// <summary>The same bits with and without vector instructions (law 2).</summary>
public sealed class MachineTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512", 512)]
    [InlineData("DOTNET_EnableAVX2", 256)]
    [InlineData("DOTNET_EnableHWIntrinsic", 128)]
    public void Without_wide_vectors_training_and_generation_have_the_same_bits(string variable, int bits)
    {
        using var child = ChildProgram.Start("trajectory", (variable, "0"));
        var output = child.StandardOutput.ReadToEnd().Trim().Split(' ');
        child.WaitForExit();
        Assert.Equal(4, output.Length);
        for (var (field, width) = (0, 128); field < 3; field++, width *= 2)
        {
            Assert.True(width < bits || output[field] == "False", $"vectors of {width} bits with {variable}=0");
        }

        Assert.Equal(ChildProgram.TrajectoryHash(), output[3]);
    }
}
