using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;

namespace Retort.Training;

/// <summary>A task's demonstrations as training sequences: begin token, prompt, answer, end token.</summary>
public static class TaskDataset
{
    /// <summary>Items made at a time: bounds the memory of their texts.</summary>
    private const int ChunkItems = 512;

    /// <summary>Items whose characters make the vocabulary of a task without one.</summary>
    private const int ItemsSpelled = 4096;

    private const int PromptsLookedAt = 64;

    /// <summary>The tokenizer of a task's grammar; of its characters where it has no vocabulary.</summary>
    public static ITokenizer TokenizerFor(ITask task) => task.Vocabulary is { } words
        ? WordLevelTokenizer.ForWords(words)
        : WordLevelTokenizer.ForCharacters(Enumerable.Range(0, ItemsSpelled).Select(i => task.Create(Split.Train, i))
            .SelectMany(item => new[] { item.Prompt, item.Answer }));

    /// <summary>Tokens of a task's tokenizer that stand for two others; null if there are none.</summary>
    public static PairTokens? PairsOf(ITask task, ITokenizer tokenizer) => task is IPairVocabulary { PairParts: { } parts }
        ? new PairTokens(tokenizer.VocabularySize - task.Vocabulary!.Count + parts.First, parts.Count)
        : null;

    /// <summary>Tokens of the longest of a task's first prompts: what a context must hold and leave <see cref="Windows.LeastRoom"/> beside.</summary>
    public static int LongestPrompt(ITask task, ITokenizer tokenizer) =>
        Enumerable.Range(0, PromptsLookedAt).Max(i => tokenizer.Encode(task.Create(Split.Train, i).Prompt).Length);

    /// <summary>
    /// Problems 0 .. count-1 of the training split, in windows of at most <paramref name="maxLength"/> tokens
    /// (see <see cref="Windows"/>), at most <paramref name="maxWindows"/> of each (0: all). The result does not depend on <paramref name="threads"/>.
    /// </summary>
    public static SequenceSet Build(
        ITask task, ITokenizer tokenizer, int count, int maxLength, int threads, int maxWindows = 0,
        IProgressReporter? progress = null, CancellationToken cancellation = default)
    {
        var set = new SequenceSet();
        var gap = tokenizer.PadId ?? throw new ArgumentException("the tokenizer has no padding token to mark gaps with", nameof(tokenizer));
        Each(
            task, tokenizer, count, threads, (_, prompt, answer) => Windows.Add(set, prompt, answer, maxLength, gap, maxWindows), progress, cancellation);
        return set;
    }

    /// <summary>
    /// As above, whole: problems of more than <paramref name="maxLength"/> tokens are refused. Only answers are learned, and tokens have the ids
    /// of <paramref name="positions"/>.
    /// </summary>
    /// <exception cref="UserError">A problem is too long, or has other tokens than ids.</exception>
    public static SequenceSet BuildAnswers(
        ITask task, ITokenizer tokenizer, int count, int maxLength, int threads, TaskPositions positions,
        IProgressReporter? progress = null, CancellationToken cancellation = default)
    {
        var set = new SequenceSet();
        Each(task, tokenizer, count, threads, (item, prompt, answer) =>
        {
            var length = prompt.Length + answer.Length;
            if (length > maxLength)
            {
                throw UserError.Request(item.Id, $"has {length} tokens", $"at most {maxLength}, the model's context");
            }

            set.Add([.. prompt, .. answer], prompt.Length, positions.OfSequence(item, length));
        }, progress, cancellation);
        return set;
    }

    /// <summary>Problems of the training split in their order: item, begin token and prompt, answer and end token.</summary>
    private static void Each(
        ITask task, ITokenizer tokenizer, int count, int threads, Action<TaskItem, int[], int[]> use, IProgressReporter? progress,
        CancellationToken cancellation)
    {
        using var phase = (progress ?? SilentProgress.Instance).Begin($"make {task.Name} problems", count, "problems");
        for (var first = 0; first < count; first += ChunkItems)
        {
            var (begin, size) = (first, Math.Min(ChunkItems, count - first));
            var chunk = ParallelItems.Make(size, threads, i =>
            {
                var item = task.Create(Split.Train, begin + i);
                return (Item: item, Prompt: tokenizer.Encode(item.Prompt), Answer: tokenizer.Encode(item.Answer, addBos: false, addEos: true));
            }, cancellation);
            foreach (var (item, prompt, answer) in chunk)
            {
                use(item, prompt, answer);
            }

            phase.Report(first + size);
        }
    }
}
