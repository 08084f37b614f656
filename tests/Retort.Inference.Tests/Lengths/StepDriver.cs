using Retort.Inference.Lengths;
using Retort.Models;
using Retort.Tensors;
using Retort.TinyModels;

namespace Retort.Inference.Tests.Lengths;

/// <summary>A sequence whose tokens are given, and how far it has been fed.</summary>
internal sealed class DrivenSequence(int[] tokens, int promptLength, LengthBelief belief)
{
    public int[] Tokens => tokens;

    public int PromptLength => promptLength;

    public LengthBelief Belief => belief;

    /// <summary>Tokens fed so far; set to 0 with other pages for a sequence that is computed again.</summary>
    public int NumFed { get; set; }

    public int[] Pages { get; set; } = [];

    /// <summary>What was believed after each refinement, by generated tokens.</summary>
    public SortedDictionary<int, double> Trace { get; } = [];
}

/// <summary>Feeds given tokens through a model in steps of any shape, as an engine does, with a refiner beside.</summary>
internal sealed class StepDriver : IDisposable
{
    private readonly Transformer model;
    private readonly KvPages pages;
    private readonly Tape tape;
    private readonly StepLayout layout = new(8, 8);

    public StepDriver(Transformer model, LengthProbe probe, int refineEvery = 1)
    {
        this.model = model;
        pages = new KvPages(model.Device, model.Config.NumLayers, 64, model.Heads);
        tape = new Tape(model.Device, model.Parameters, 8 << 20, isRecording: false);
        Refiner = new LengthRefiner(probe, 8, 64, refineEvery);
    }

    public LengthRefiner Refiner { get; }

    /// <summary>One step: the next tokens of each sequence.</summary>
    public void Step(params (DrivenSequence Sequence, int Count)[] parts)
    {
        layout.Clear();
        tape.Reset();
        foreach (var (sequence, count) in parts)
        {
            layout.Add(sequence.NumFed, count, sequence.Pages);
        }

        Refiner.Begin(layout);
        for (var s = 0; s < parts.Length; s++)
        {
            var (sequence, count) = parts[s];
            var generated = sequence.NumFed + count - sequence.PromptLength;
            // Known tokens are all fed: the sequence would draw. A sequence computed again draws only at its furthest token.
            if (generated >= 0 && generated >= sequence.Trace.Keys.LastOrDefault(-1))
            {
                Refiner.Add(s, sequence.Belief, sequence.PromptLength, generated);
                sequence.Trace[generated] = double.NaN;
            }
        }

        var tokens = parts.SelectMany(part => part.Sequence.Tokens.Skip(part.Sequence.NumFed).Take(part.Count)).ToArray();
        var positions = parts.SelectMany(part => Enumerable.Range(part.Sequence.NumFed, part.Count)).ToArray();
        var input = ModelInput.Step(
            TrainingPass.Put(tape, tokens), TrainingPass.Put(tape, positions), TrainingPass.Put(tape, [0]), layout, pages) with
        { Tap = Refiner };
        model.Forward(tape, input);
        Refiner.Refine();
        foreach (var (sequence, count) in parts)
        {
            sequence.NumFed += count;
            var generated = sequence.NumFed - sequence.PromptLength;
            if (sequence.Trace.TryGetValue(generated, out var value) && double.IsNaN(value))
            {
                sequence.Trace[generated] = sequence.Belief.Remaining(generated);
            }
        }
    }

    /// <summary>Feeds the rest of a sequence alone: the prompt in chunks, then token by token.</summary>
    public void Finish(DrivenSequence sequence, int chunk = int.MaxValue)
    {
        while (sequence.NumFed < sequence.Tokens.Length)
        {
            Step((sequence, sequence.NumFed < sequence.PromptLength ? Math.Min(chunk, sequence.PromptLength - sequence.NumFed) : 1));
        }
    }

    public void CopyPage(int source, int destination)
    {
        pages.CopyPage(model.Device, source, destination);
        Refiner.Sums.Forget(destination);
    }

    public void Dispose()
    {
        Refiner.Dispose();
        tape.Dispose();
        pages.Dispose();
    }
}
