using Naf.Kernels.Observation;
using Naf.Kernels.Random;

namespace Naf.Host.Checks;

/// <summary>Which numbers of an observation can change at all, by the joints or by the constants of the episode.</summary>
internal static class Movable
{
    private const int Trials = 8;
    private const double Rounding = 1e-9;

    /// <summary>[observations], whether x_i differs between states drawn at random.</summary>
    public static bool[] Numbers(ObservationDefinition observation)
    {
        KinematicTree tree = observation.Tree;
        var h = new ObservationFunction<double>(observation);
        double[] q = new double[tree.Nq], v = new double[tree.Nv], c = new double[observation.ConstantSize];
        double[] first = new double[observation.Size], x = new double[observation.Size];
        h.Evaluate([.. tree.Qpos0], v, c, first);
        bool[] moves = new bool[observation.Size];
        for (ulong trial = 0; trial < Trials; trial++)
        {
            uint lane = 0;
            for (int i = 0; i < q.Length; i++) q[i] = tree.Qpos0[i] + Draw();
            for (int i = 0; i < v.Length; i++) v[i] = Draw();
            for (int i = 0; i < c.Length; i++) c[i] = Draw();
            h.Evaluate(q, v, c, x);
            for (int i = 0; i < x.Length; i++) moves[i] |= Math.Abs(x[i] - first[i]) > Rounding;

            double Draw() => Philox.Normal(0, RandomStream.TestReset, trial, lane++);
        }
        return moves;
    }
}
