using Retort.Tensors;

namespace Retort.Models;

/// <summary>
/// What one forward pass reads: a flat run of tokens, cut into sequences. Training gives whole sequences; generation gives
/// each sequence's next tokens and the cache that holds the earlier ones.
/// </summary>
public readonly struct ModelInput
{
    private readonly StepLayout? layout;
    private readonly KvPages? pages;
    private readonly IntTensor sequenceStarts, copies, firstCopies, copyPositions;
    private readonly long keysSeen;

    private ModelInput(
        IntTensor tokens, IntTensor positions, IntTensor logitRows, IntTensor sequenceStarts, long keysSeen,
        StepLayout? layout, KvPages? pages, IntTensor copies = default, IntTensor firstCopies = default,
        IntTensor copyPositions = default)
    {
        (Tokens, Positions, LogitRows) = (tokens, positions, logitRows);
        (this.sequenceStarts, this.keysSeen, this.layout, this.pages) = (sequenceStarts, keysSeen, layout, pages);
        (this.copies, this.firstCopies, this.copyPositions) = (copies, firstCopies, copyPositions);
    }

    /// <summary>Token ids.</summary>
    public IntTensor Tokens { get; }

    /// <summary>Position id of each token: its place in its sequence, unless its task or its training says otherwise.</summary>
    public IntTensor Positions { get; }

    /// <summary>Rows whose logits are wanted; absent: all.</summary>
    public IntTensor LogitRows { get; init; }

    /// <summary>Reads the hidden states after each block; null: nobody does.</summary>
    public IHiddenStateTap? Tap { get; init; }

    /// <summary>
    /// Whole sequences: number s is tokens sequenceStarts[s] .. sequenceStarts[s+1]-1. <paramref name="keysSeen"/> is the sum
    /// over sequences of length * (length + 1) / 2.
    /// </summary>
    public static ModelInput Sequences(IntTensor tokens, IntTensor positions, IntTensor sequenceStarts, long keysSeen) =>
        new(tokens, positions, default, sequenceStarts, keysSeen, null, null);

    /// <summary>The next tokens of cached sequences, with logits for some rows only.</summary>
    public static ModelInput Step(
        IntTensor tokens, IntTensor positions, IntTensor logitRows, StepLayout layout, KvPages pages) =>
        new(tokens, positions, logitRows, default, 0, layout, pages);

    /// <summary>
    /// Sequences whose common beginnings are there once. For attention row i of the branches' own sequences, which begin at
    /// <paramref name="branchStarts"/>, is row copies[i]; of row r the result at <paramref name="firstCopies"/>[r] is kept.
    /// <paramref name="copyPositions"/> are the position ids of those attention rows.
    /// </summary>
    public static ModelInput Branches(
        IntTensor tokens, IntTensor positions, IntTensor branchStarts, IntTensor copies, IntTensor firstCopies, IntTensor copyPositions,
        long keysSeen) =>
        new(tokens, positions, default, branchStarts, keysSeen, null, null, copies, firstCopies, copyPositions);

    /// <summary>Attention of q|k|v; <paramref name="bias"/>, whose position ids are these, is added to the scores where it is present.</summary>
    internal Variable Attend(Tape tape, Variable qkv, int layer, HeadShape heads, AttentionBias bias)
    {
        if (!bias.IsAbsent)
        {
            bias = bias with { Ids = copies.IsAbsent ? Positions : copyPositions, BatchRows = copies };
        }

        return layout is not null ? tape.CachedAttention(qkv, layout, pages!, layer, heads, bias)
            : copies.IsAbsent ? tape.Attention(qkv, sequenceStarts, heads, keysSeen, bias)
            : tape.GatherRows(tape.Attention(tape.GatherRows(qkv, copies), sequenceStarts, heads, keysSeen, bias), firstCopies);
    }
}
