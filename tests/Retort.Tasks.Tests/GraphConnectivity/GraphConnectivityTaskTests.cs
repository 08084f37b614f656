using CsCheck;
using Retort.Core;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Tasks.Tests.GraphConnectivity;

public class GraphConnectivityTaskTests
{
    private static readonly GraphConnectivityTask[] Tasks =
    [
        .. Enum.GetValues<ChainStrategy>().SelectMany(strategy => Enum.GetValues<EdgeFormat>().Select(format => new GraphConnectivityTask(
            new() { Strategy = strategy, Edges = format, Depth = new(1, 3), WalkSteps = 25 }))),
        new(GraphConnectivitySettings.Paper), new(GraphConnectivitySettings.TwoPath with { NumLabels = 40 }),
    ];

    private static readonly Gen<(GraphConnectivityTask Task, GraphConnectivityItem Item)> GenItem = Gen.Select(
        Gen.Int[0, Tasks.Length - 1], Gen.Enum<Split>(), Gen.Long[0, 1_000_000],
        (task, split, index) => (Tasks[task], Tasks[task].Create(split, index)));

    [Fact]
    public void Every_demonstration_proves_its_answer() => GenItem.Sample(pair =>
    {
        var (task, item) = pair;
        Assert.Equal(new Verdict(true, $"{item.Graph.Target}", Proof: true), task.Verify(item, item.Answer));
        Assert.Equal(new Verdict(true, $"{item.Graph.Target}", Proof: true), task.Verify(item, "\t" + item.Answer.Replace(" ", "\n ", StringComparison.Ordinal)));
        Assert.Equal(task.Verify(item, item.Answer), task.Verify(new TaskItem("x", item.Prompt, ""), item.Answer));
        Assert.Equal(item.Chain, task.Judge(item, item.Answer)!.Chain);
    }, iter: 500);

    [Fact]
    public void Texts_have_the_grammars_form_words_and_lengths() => GenItem.Sample(pair =>
    {
        var (task, item) = pair;
        Assert.Matches(@"^graph : \[ .* \] task : \d+ to \d+ or \d+ /$", item.Prompt);
        Assert.Matches(@"^work : \[( \d+)+ \] decision : \[ \d+ \]$", item.Answer);
        var (prompt, answer) = (item.Prompt.Split(' '), item.Answer.Split(' '));
        Assert.All(prompt.Concat(answer), word => Assert.Contains(word, task.Vocabulary));
        Assert.Equal(item.Chain.Count + 9, answer.Length);
        Assert.InRange(prompt.Length + 1, 1, task.Settings.MaxPromptTokens);
        Assert.InRange(prompt.Length + answer.Length + 2, 1, task.Settings.MaxTokens);
        Assert.Equal(task.Settings.Edges switch { EdgeFormat.Raw => 2, EdgeFormat.Arcs => 6, _ => 1 } * item.Graph.Edges.Count, prompt.Length - 12);
    }, iter: 300);

    [Fact]
    public void A_prompt_is_read_back_as_its_graph() => GenItem.Sample(pair =>
    {
        var (task, item) = pair;
        var read = task.FromPrompt(item.Prompt, "mine");
        Assert.Equal(("mine", item.Prompt), (read.Id, read.Prompt));
        Assert.Equal((item.Graph.Source, item.Graph.Target, item.Graph.FalseTarget), (read.Graph.Source, read.Graph.Target, read.Graph.FalseTarget));
        Assert.Equal(Ordered(item.Graph), Ordered(read.Graph));
        Assert.True(task.Verify(item, read.Answer).Proof);
        Assert.True(read.Chain.Count <= item.Chain.Count);

        static IEnumerable<(int, int)> Ordered(ConnectivityGraph graph) =>
            graph.Edges.Select(edge => (Math.Min(edge.A, edge.B), Math.Max(edge.A, edge.B))).Order();
    }, iter: 200);

    [Fact]
    public void The_papers_size_is_the_papers()
    {
        var task = new GraphConnectivityTask(GraphConnectivitySettings.Paper);
        var item = task.Create(Split.Test, 0);
        // 102 vertices and labels, 110 edges; 233 tokens of prompt with the begin token; 115 words beside the tokenizer's own.
        Assert.Equal((102, 220, 115), (task.Settings.Labels, 2 * item.Graph.Edges.Count, task.Vocabulary.Count));
        Assert.Equal(232, item.Prompt.Split(' ').Length);
    }

    // One bridge of blocks (1, 2, 1): 0 - 1 short, 0 - 2 - 1 long, 0 - 3 dead end; 4.. the other copy.
    [Theory]
    [InlineData("work : [ 0 1 ] decision : [ 1 ]", true, true, true)]
    [InlineData("work : [ 0 3 2 1 ] decision : [ 1 ]", true, true, false)]
    [InlineData("work : [ 0 3 0 2 0 1 ] decision : [ 1 ]", true, true, true)]
    [InlineData("work : [ 0 1 ] decision : [ 5 ]", false, true, true)]
    [InlineData("work : [ 0 1", false, true, true)]
    [InlineData("work : [ 0 2 ] decision : [ 1 ]", true, false, true)]
    [InlineData("work : [ 0 5 1 ] decision : [ 1 ]", true, false, false)]
    [InlineData("work : [ 2 1 ] decision : [ 1 ]", true, false, false)]
    [InlineData("work : [ ] decision : [ 1 ]", true, false, false)]
    [InlineData("work : [ 0 1 ] decision : [ 1 1 ]", false, true, true)]
    [InlineData("work : [ 0 1 ] decision : [ ]", false, true, true)]
    [InlineData("work : [ 0 1 ] decision : [ 1 ] 1", false, true, true)]
    [InlineData("work : [ 0 999 1 ] decision : [ 1 ]", true, false, false)]
    [InlineData("decision : [ 1 ]", false, false, false)]
    [InlineData("work : [ 0 1 x ] decision : [ 1 ]", false, true, true)]
    [InlineData("", false, false, false)]
    public void Proof_decision_and_walk_are_judged_apart(string answer, bool decided, bool proof, bool walk)
    {
        var task = new GraphConnectivityTask(new() { Depth = new(1, 1), ShortLength = 1, LongLength = 2, DeadEnd = 1, NumLabels = 12 });
        var item = task.FromEdges([(0, 1), (0, 2), (2, 1), (0, 3), (4, 5), (4, 6), (6, 5), (4, 7)], 0, 5, 1, "x");
        var judged = task.Judge(item, answer)!;
        Assert.Equal((decided, proof, walk), (judged.IsDecided, judged.IsProof, judged.IsWalk));
        Assert.Equal((decided, (bool?)proof), (task.Verify(item, answer).Correct, task.Verify(item, answer).Proof));
    }

    [Theory]
    [InlineData("graph : [ 0-1 2-3 ] task : 0 to 1 or 1 /", "three different")]
    [InlineData("graph : [ 0-1 1-3 ] task : 0 to 1 or 3 /", "connected to both of 1 and 3")]
    [InlineData("graph : [ 0-1 2-3 ] task : 0 to 2 or 3 /", "connected to neither of 2 and 3")]
    [InlineData("graph : [ 0-1 2-99 ] task : 0 to 1 or 2 /", "vertex 99")]
    [InlineData("graph : [ 0-1 2-2 ] task : 0 to 1 or 2 /", "from 2 to itself")]
    [InlineData("graph : [ 0 1 2 ] task : 0 to 1 or 2 /", "no prompt of the task")]
    [InlineData("graph : 0 1", "no prompt of the task")]
    public void A_graph_that_is_not_what_the_task_promises_is_refused(string prompt, string named)
    {
        var error = Assert.Throws<UserError>(() => new GraphConnectivityTask().FromPrompt(prompt, "problems.jsonl:3"));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("problems.jsonl:3", error.Message, StringComparison.Ordinal);
        Assert.False(new GraphConnectivityTask().Verify(new TaskItem("x", prompt, ""), "work : [ 0 1 ] decision : [ 1 ]").Correct);
    }

    [Fact]
    public void Splits_are_streams_of_their_own_and_pure()
    {
        var task = new GraphConnectivityTask(new() { Depth = new(1, 2) });
        var prompts = Enum.GetValues<Split>().SelectMany(split => Enumerable.Range(0, 200).Select(i => task.Create(split, i).Prompt)).ToArray();
        Assert.Equal(prompts.Length, prompts.Distinct().Count());
        Assert.Equal(task.Create(Split.Train, 17).Prompt, new GraphConnectivityTask(task.Settings).Create(Split.Train, 17).Prompt);
        Assert.NotEqual(task.Create(Split.Train, 17).Prompt, new GraphConnectivityTask(task.Settings with { Seed = 2 }).Create(Split.Train, 17).Prompt);
        var targetsFirst = Enumerable.Range(0, 400).Count(i =>
        {
            var item = task.Create(Split.Test, i);
            return item.Prompt.Contains($"to {item.Graph.Target} or", StringComparison.Ordinal);
        });
        Assert.InRange(targetsFirst, 160, 240);
    }

    [Theory]
    [InlineData("Depth")]
    [InlineData("LongLength")]
    [InlineData("NumLabels")]
    [InlineData("Edges")]
    [InlineData("PathVertices")]
    public void A_setting_that_cannot_work_is_named(string named)
    {
        GraphConnectivitySettings settings = named switch
        {
            "Depth" => new() { Depth = new(1, 64), LongLength = 64 },
            "LongLength" => new() { LongLength = 3 },
            "NumLabels" => new() { NumLabels = 41 },
            "Edges" => new() { NumLabels = 300 },
            _ => new() { PathVertices = 1 },
        };
        var error = Assert.Throws<UserError>(() => new GraphConnectivityTask(settings));
        Assert.Contains(named, error.Message, StringComparison.OrdinalIgnoreCase);
    }
}
