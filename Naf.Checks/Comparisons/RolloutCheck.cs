using Naf.Kernels.Gaussian;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Kernels.Rollout;

namespace Naf.Checks.Comparisons;

/// <summary>Holds rollouts against the reference in double precision, along the same random words.</summary>
internal static class RolloutCheck
{
    /// <summary>How far the fast version is from the reference.</summary>
    /// <param name="Row">Largest error of a stored number, over 1 + its size.</param>
    /// <param name="Lengths">Rollouts whose number of steps differs, or that only one of the two cut.</param>
    /// <param name="Steps">Steps compared.</param>
    public readonly record struct Errors(double Row, int Lengths, long Steps)
    {
        /// <summary>
        /// Largest error that rounding to float32 explains: sums of some hundred terms lose three digits of seven, and the models drawn here
        /// contract, so that an early step's error does not grow in the later ones.
        /// </summary>
        public const double RowBound = 1e-4;

        /// <summary>Whether rounding explains it, and every rollout is as long as it should be.</summary>
        public bool Agree => Row < RowBound && Lengths == 0;
    }

    /// <summary>
    /// Packed models that contract, a different one for each time step: F = 0.6 I and small entries beside it, noise of a tenth.
    /// </summary>
    /// <returns>[Horizon, PackedStep].</returns>
    public static float[] DrawDynamics(DynamicsShape shape, ulong seed)
    {
        int inputs = shape.State + shape.Action, row = MlpShape.Pad(shape.State);
        var packed = new float[shape.Horizon * shape.PackedStep];
        double spread = 0.2 / Math.Sqrt(inputs);
        for (int t = 0; t < shape.Horizon; t++)
            for (int r = 0; r <= inputs + shape.State; r++)
                for (int i = 0; i < shape.State; i++)
                {
                    double n = Philox.Normal(seed, RandomStream.Reset, (ulong)(t * shape.PackedStep + r * row + i));
                    // of a lower triangle
                    int column = r - inputs - 1;
                    double value = column >= 0 ? i < column ? 0 : i == column ? 0.1 : 0.02 * n
                        : r >= shape.State ? 0.1 * n : spread * n + (r == i ? 0.6 : 0);
                    packed[t * shape.PackedStep + r * row + i] = (float)value;
                }
        return packed;
    }

    /// <summary>Starts whose states and constants are normal with deviation 0.5, at time steps from 0 to the last from which all steps fit.</summary>
    public static void DrawStarts(RolloutStarts starts, RolloutDefinition definition, int count, int steps, ulong seed)
    {
        (starts.Count, starts.FirstNumber) = (count, seed << 34);
        (int state, int constants) = (definition.Dynamics.State, definition.Observation.ConstantSize);
        int times = Math.Max(1, definition.Dynamics.Horizon - steps + 1);
        for (int m = 0; m < count; m++)
        {
            for (int i = 0; i < state; i++) starts.State[m * state + i] = Draw(RandomStream.Reset, m, i);
            for (int i = 0; i < constants; i++) starts.Constants[m * constants + i] = Draw(RandomStream.TestReset, m, i);
            (starts.Time[m], starts.End[m]) =
                (Philox.Index(Philox.At(seed, RandomStream.ImaginationStart, (ulong)m).A, times), definition.Dynamics.Horizon);
        }

        float Draw(RandomStream stream, int m, int i) => (float)(0.5 * Philox.Normal(seed, stream, (ulong)m, (uint)i));
    }
}
