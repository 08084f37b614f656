using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>What a batch is computed for: reads the micro-batch's columns, runs the model, writes the gradient of its outputs.</summary>
internal abstract class Objective
{
    /// <summary>Columns of numbers a row that the batch must have.</summary>
    public abstract int NumColumns { get; }

    /// <summary>It reads the targets' position ids.</summary>
    public virtual bool ReadsNextPositions => false;

    /// <summary>
    /// Forward and loss of a micro-batch; where the tape records, the outputs' gradients too. Called from several lanes at once, each with
    /// rows of its own.
    /// </summary>
    public abstract void Run(Transformer model, Tape tape, MicroBatch batch);
}
