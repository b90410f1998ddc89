using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Update;

namespace Naf.Perf;

/// <summary>
/// Transitions that the engine and its peers learn from: entries of x standard normal, u uniform, a tenth of them terminal; with the rows that a
/// learner's next minibatch takes.
/// </summary>
/// <param name="Rows">[Count, RowLength], [x | u | r | b | x′].</param>
internal sealed record Transitions(NafShape Shape, int Count, ulong Seed, float[] Rows)
{
    /// <summary>Floats of a row.</summary>
    public int RowLength => 2 * Shape.State + Shape.Action + 2;

    /// <summary>Draws them.</summary>
    public static Transitions Draw(NafShape shape, int count, ulong seed)
    {
        (int s, int a) = (shape.State, shape.Action);
        int row = 2 * s + a + 2;
        var rows = new float[count * row];
        for (int i = 0; i < rows.Length; i++)
        {
            int column = i % row;
            double u = Philox.Uniform(seed, RandomStream.RandomPolicy, (ulong)i), normal = Philox.Normal(seed, RandomStream.Reset, (ulong)i);
            rows[i] = (float)(column >= s && column < s + a ? 2 * u - 1 : column == s + a + 1 ? u < 0.1 ? 0 : 1 : normal);
        }
        return new Transitions(shape, count, seed, rows);
    }

    /// <summary>Puts them into a learner's replay, in their order.</summary>
    public void Store(NafPopulation population, int learner)
    {
        (int s, int a) = (Shape.State, Shape.Action);
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<float> row = Rows.AsSpan(i * RowLength, RowLength);
            population.Store(learner, row[..s], row.Slice(s, a), row[s + a], row[(s + a + 2)..], terminal: row[s + a + 1] == 0);
        }
    }

    /// <summary>The rows of the minibatch that a learner draws for its update number <paramref name="update"/>, from 0.</summary>
    public long[] Minibatch(LearnerSettings learner, long update, int batch) => [.. Enumerable.Range(0, batch).Select(m =>
    {
        PhiloxBlock block = Philox.At(learner.Seed, RandomStream.Minibatch, (ulong)update, (uint)m / 4);
        return (long)Philox.Index((m % 4) switch { 0 => block.A, 1 => block.B, 2 => block.C, _ => block.D }, Count);
    })];
}
