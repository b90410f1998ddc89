using System.Numerics;

namespace Naf.Kernels;

/// <summary>
/// Imagination rollouts in plain loops, generic over float and double: the oracle of the fast versions, written to be read.
/// </summary>
/// <param name="definition">What is imagined.</param>
/// <param name="shape">Sizes of the learner.</param>
/// <param name="inputScale">[ObservationSize]: multiplies x before the networks.</param>
internal sealed class RolloutReference<T>(RolloutDefinition definition, NafShape shape, float[] inputScale) where T : struct, IFloatingPointIeee754<T>
{
    private readonly ObservationFunction<T> _h = new(definition.Observation);
    private readonly RewardFunction<T> _reward = new(definition.Reward);
    private readonly MlpShape _network = shape.Networks()[shape.SharedTrunk ? 0 : 1];

    /// <summary>A rollout's rows [x | u | r | b | x′], and whether it was cut.</summary>
    public sealed record Result(List<T[]> Rows, bool Cut);

    /// <summary>One step: its row, s′, and whether the rollout is cut here instead of storing it.</summary>
    public sealed record Step(T[] Row, T[] Next, bool Cut, bool Terminal);

    /// <summary>Rollout number <paramref name="number"/> from s at time step t, to before time step <paramref name="end"/>.</summary>
    /// <param name="seed">The learner's seed.</param>
    /// <param name="parameters">Of the network that holds μ.</param>
    /// <param name="statistics">Its running statistics.</param>
    /// <param name="dynamics">[Horizon, PackedStep], the packed model.</param>
    public Result Run(
        RolloutSettings settings, ulong seed, ulong number, T[] parameters, T[] statistics, T[] dynamics, T[] s, T[] constants, int t,
        int end)
    {
        var rows = new List<T[]>();
        T[] x = Observe(s, constants);
        if (t < end && !x.All(T.IsFinite)) return new Result(rows, Cut: true);
        for (int k = 0; k < settings.Steps && t < end; k++, t++)
        {
            Step step = Advance(settings, seed, number, k, parameters, statistics, dynamics, s, constants, t);
            if (step.Cut) return new Result(rows, Cut: true);
            rows.Add(step.Row);
            if (step.Terminal) break;
            s = step.Next;
        }
        return new Result(rows, Cut: false);
    }

    /// <summary>Step k of a rollout, from s at time step t.</summary>
    public Step Advance(
        RolloutSettings settings, ulong seed, ulong number, int k, T[] parameters, T[] statistics, T[] dynamics, T[] s, T[] constants, int t)
    {
        // u = clip(μ(x) + σ ε, −1, 1)
        T[] x = Observe(s, constants), scaled = [.. x.Select((v, i) => v * T.CreateChecked(inputScale[i]))];
        T[] output = new MlpReference<T>(_network).Forward(parameters, shape.BatchNorm ? statistics : null, [scaled])[0];
        var (u, noise) = (new T[shape.Action], new T[shape.Action]);
        RolloutNormals.Fill<T>(seed, RandomStream.ImaginationAction, number, k, noise);
        for (int i = 0; i < u.Length; i++)
        {
            T mu = T.Tanh(output[(shape.SharedTrunk ? 1 : 0) + i]) + T.CreateChecked(settings.ActionNoise) * noise[i];
            u[i] = T.IsNaN(mu) ? mu : T.Clamp(mu, -T.One, T.One);
        }

        // s′ = F [s; u] + f + chol(N) ε
        T[] next = Next(dynamics, settings.SampleDynamics, seed, number, k, s, u, t);
        bool cut = false;
        for (int i = 0; i < next.Length; i++)
        {
            cut |= !T.IsFinite(next[i]);
            cut |= settings.Low.Length > 0 && next[i] < T.CreateChecked(settings.Low[i]);
            cut |= settings.High.Length > 0 && next[i] > T.CreateChecked(settings.High[i]);
        }
        if (cut) return new Step([], next, Cut: true, Terminal: false);

        // x′ = h(s′, c); a true terminal state is rewarded apart and not bootstrapped from
        T[] xNext = Observe(next, constants);
        bool terminal = _reward.Terminates(xNext);
        T reward = _reward.Value(x, u) + (terminal ? _reward.TerminationReward : T.Zero);
        T[] row = [.. x, .. u, reward, terminal ? T.Zero : T.One, .. xNext];
        return new Step(row, next, Cut: !row.All(T.IsFinite), terminal);
    }

    /// <summary>x = h(s, c).</summary>
    public T[] Observe(T[] s, T[] constants)
    {
        var (qpos, qvel, x) = (new T[definition.Observation.Tree.Nq], new T[definition.Observation.Tree.Nv], new T[definition.Observation.Size]);
        definition.Coordinates.FromState<T>(s, qpos, qvel);
        _h.Evaluate(qpos, qvel, constants, x);
        return x;
    }

    private T[] Next(T[] dynamics, bool sample, ulong seed, ulong number, int k, T[] s, T[] u, int t)
    {
        int size = s.Length, inputs = size + u.Length, stride = MlpShape.Pad(size), at = t * definition.Dynamics.PackedStep;
        T[] z = [.. s, .. u], noise = new T[size], next = new T[size];
        if (sample) RolloutNormals.Fill<T>(seed, RandomStream.ImaginationDynamics, number, k, noise);
        for (int i = 0; i < size; i++)
        {
            next[i] = dynamics[at + inputs * stride + i];
            for (int j = 0; j < inputs; j++) next[i] += dynamics[at + j * stride + i] * z[j];
            for (int j = 0; j <= i; j++) next[i] += dynamics[at + (inputs + 1 + j) * stride + i] * noise[j];
        }
        return next;
    }
}
