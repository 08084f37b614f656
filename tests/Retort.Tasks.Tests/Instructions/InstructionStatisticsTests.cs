using Retort.Tasks.Instructions;

namespace Retort.Tasks.Tests.Instructions;

public class InstructionStatisticsTests
{
    [Fact]
    public void Lengths_at_the_defaults_are_those_that_the_study_asks_for()
    {
        var measured = InstructionStatistics.Measure(new(), Split.Train, 20_000, threads: 2, TestContext.Current.CancellationToken);
        Assert.InRange(measured.All.Mean, 50, 70);
        Assert.InRange(measured.All.Variation, 1, 2);
        Assert.InRange(measured.All.ShareAtCap, 0.001, 0.03);
        Assert.InRange(measured.All.Longest, 250, 256);
        Assert.InRange(measured.LongestPrompt, 40, InstructionSettings.MaxPromptTokens);
        // Prompts leave much open that only the output shows.
        Assert.InRange(measured.DeviationGivenPrompt, 0.4 * measured.All.Deviation, 0.8 * measured.All.Deviation);
        Assert.InRange(measured.DeviationGivenKind, measured.DeviationGivenPrompt, measured.All.Deviation);
    }

    [Fact]
    public void Kinds_come_as_often_as_their_weights_say_in_every_split()
    {
        var settings = new InstructionSettings { Weights = new() { Repeat = 0, Spell = 3 } };
        foreach (var split in Enum.GetValues<Split>())
        {
            var measured = InstructionStatistics.Measure(new(settings), split, 5000, threads: 2, TestContext.Current.CancellationToken);
            var kinds = measured.Kinds.ToDictionary(law => law.Name, law => law.Share);
            Assert.False(kinds.ContainsKey("repeat"));
            Assert.Equal(3 / 12.0, kinds["spell"], 0.03);
            Assert.Equal(1.5 / 12, kinds["expand"], 0.03);
            Assert.Equal(3.5 / 12, kinds["story"], 0.03);
            Assert.Equal(3.5 / 48, kinds["story epic"], 0.02);
        }
    }

    [Fact]
    public void Story_lengths_are_geometric_with_the_probabilities_of_the_settings()
    {
        var settings = InstructionSettings.Stories with { MaxOutputTokens = 4096, ChapterContinuation = 0.5 };
        var task = new InstructionTask(settings);
        var (sentences, chapters, stories) = (new double[4], new double[4], 0.0);
        for (var i = 0; i < 8000; i++, stories++)
        {
            var item = task.Create(Split.Train, i);
            var mood = Array.IndexOf(InstructionWords.Moods, item.Prompt.Split(' ')[1]);
            sentences[mood] += item.Answer.Count(c => c == '.');
            chapters[mood] += item.Answer.Split("chapter").Length - 1;
        }

        for (var mood = 0; mood < 4; mood++)
        {
            Assert.Equal(1, sentences[mood] / chapters[mood] * (1 - settings.Continuation(mood)), 0.08);
        }

        // At most nine chapters: 2 - 1/2^8 in the mean.
        Assert.Equal(2, chapters.Sum() / stories, 0.08);
    }

    [Fact]
    public void A_law_is_what_its_lengths_say()
    {
        InstructionItem Item(string prompt, int words, InstructionKind kind) => new("x", prompt, string.Join(' ', Enumerable.Repeat("a", words)), kind);
        var measured = InstructionStatistics.Of(
        [
            Item("sort b :", 1, InstructionKind.Sort), Item("sort b :", 3, InstructionKind.Sort), Item("story calm ann :", 9, InstructionKind.Story),
            Item("story epic ann :", 19, InstructionKind.Story),
        ], maxOutputTokens: 20);
        Assert.Equal(new LengthLaw("all", 4, 1, 1, 9, 7, 49 / 81.0, 2, 4, 10, 20, 0.25), measured.All);
        Assert.Equal(["sort", "story", "story calm", "story epic"], measured.Kinds.Select(law => law.Name));
        Assert.Equal((3, 4), (measured.DistinctPrompts, measured.LongestPrompt));
        Assert.Equal(Math.Sqrt((1 + 25) / 2.0), measured.DeviationGivenKind, 9);
        Assert.Equal(0, measured.DeviationGivenPrompt);
    }
}
