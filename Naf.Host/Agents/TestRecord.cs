using System.Runtime.InteropServices;
using Naf.Host.Evaluation;
using Naf.Host.Trajectories;
using Naf.Kernels.Advantage;
using Naf.Kernels.LinearAlgebra;
using Naf.Kernels.Population;

namespace Naf.Host.Agents;

/// <summary>What is kept of the first episode of a test, to be shown.</summary>
/// <param name="drawn">Whether to record the simulator's states, of which pictures are drawn.</param>
internal sealed class TestRecord(LearnerPopulation population, int learner, bool drawn)
{
    /// <summary>States at most at which P is evaluated: on a GPU each is a launch.</summary>
    private const int MaxStates = 100;

    private readonly List<float> _observations = [];

    /// <summary>The episode; null if its states are not recorded.</summary>
    public Trajectory? Episode { get; } = drawn ? new Trajectory() : null;

    /// <summary>The same policy, whose observations in the first episode are recorded.</summary>
    public Policy Recorded(Policy policy) => (x, episode, step, u) =>
    {
        if (episode == 0) _observations.AddRange(x);
        policy(x, episode, step, u);
    };

    /// <summary>
    /// Eigenvalues of P(x) = L(x) L(x)ᵀ, the curvature of A in the action, at up to 100 states along the episode, in
    /// scaled rewards; empty for DDPG. To be called before the next update.
    /// </summary>
    public IReadOnlyList<double> Eigenvalues()
    {
        (int n, int state, int packed) = (population.Shape.Action, population.Shape.State, population.Shape.Packed);
        if (packed == 0) return [];
        float[] u = new float[n], lower = new float[packed];
        double[] p = new double[n * n], vectors = new double[n * n];
        List<double> eigenvalues = [];
        int states = _observations.Count / state, stride = (states + MaxStates - 1) / MaxStates;
        for (int t = 0; t < states; t += stride)
        {
            population.Act(
                learner, 1, CollectionsMarshal.AsSpan(_observations).Slice(t * state, state), u, lower);
            for (int i = 0; i < n; i++)
                for (int j = 0; j <= i; j++)
                {
                    double sum = 0;
                    for (int k = 0; k <= j; k++)
                        sum += (double)lower[AdvantageKernel.Packed(i, k)] * lower[AdvantageKernel.Packed(j, k)];
                    p[i * n + j] = p[j * n + i] = sum;
                }
            SymmetricEigen.Diagonalise(p, vectors, n);
            for (int i = 0; i < n; i++) eigenvalues.Add(p[i * (n + 1)]);
        }
        return eigenvalues;
    }
}
