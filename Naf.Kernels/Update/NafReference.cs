using System.Collections.Immutable;
using System.Numerics;

namespace Naf.Kernels;

/// <summary>A minibatch as plain arrays: x, u, r, whether to bootstrap, x′, one entry per sample; x already scaled for the networks.</summary>
public sealed record Minibatch<T>(T[][] X, T[][] U, T[] Reward, bool[] Bootstrap, T[][] Next);

/// <summary>
/// One learner's update in plain loops, generic over float and double: the oracle of every fast version. The minibatch is given, so that the
/// numbers can be checked by hand and against finite differences.
/// </summary>
public sealed class NafReference<T> where T : struct, IFloatingPointIeee754<T>
{
    private readonly NafShape _shape;
    private readonly LearnerSettings _settings;
    private readonly ImmutableArray<MlpShape> _networks;
    private readonly MlpReference<T>[] _mlps;
    private long _step;

    /// <summary>A learner with the parameters that the fast versions have at birth.</summary>
    public NafReference(NafShape shape, LearnerSettings settings)
    {
        (_shape, _settings, _networks) = (shape, settings, shape.Networks());
        _mlps = [.. _networks.Select(n => new MlpReference<T>(n))];
        (Parameters, Statistics) = (new T[_networks.Length][], new T[_networks.Length][]);
        (First, Second) = (new T[_networks.Length][], new T[_networks.Length][]);
        for (int n = 0; n < _networks.Length; n++)
        {
            var (parameters, statistics) = (new float[_networks[n].Parameters], new float[_networks[n].Statistics]);
            _networks[n].Initialise(settings.Seed, (uint)n, settings.HeadScale, parameters, statistics);
            Parameters[n] = [.. parameters.Select(T.CreateChecked)];
            Statistics[n] = [.. statistics.Select(T.CreateChecked)];
            (First[n], Second[n]) = (new T[parameters.Length], new T[parameters.Length]);
        }
        Target = [.. Parameters[0]];
        TargetStatistics = [.. Statistics[0]];
    }

    /// <summary>θ, a flat array per network.</summary>
    public T[][] Parameters { get; }

    /// <summary>Running statistics per network.</summary>
    public T[][] Statistics { get; }

    /// <summary>Adam's m per network.</summary>
    public T[][] First { get; }

    /// <summary>Adam's v per network.</summary>
    public T[][] Second { get; }

    /// <summary>θ′ of the first network.</summary>
    public T[] Target { get; }

    /// <summary>Running statistics of the target.</summary>
    public T[] TargetStatistics { get; }

    /// <summary>Mean squared TD error of a minibatch with targets y held fixed.</summary>
    public T Loss(Minibatch<T> batch, T[] y)
    {
        T sum = T.Zero;
        T[] q = Values(batch);
        for (int m = 0; m < q.Length; m++) sum += (q[m] - y[m]) * (q[m] - y[m]);
        return sum / T.CreateChecked(q.Length);
    }

    /// <summary>y = r + γ V′(x′), without the second term where the episode ended.</summary>
    public T[] Targets(Minibatch<T> batch)
    {
        T[][] v = new MlpReference<T>(_networks[0]).Forward(Target, _shape.BatchNorm ? TargetStatistics : null, batch.Next);
        return [.. batch.Reward.Select((r, m) => T.CreateChecked(_settings.RewardScale) * r
            + (batch.Bootstrap[m] ? T.CreateChecked(_settings.Gamma) * v[m][0] : T.Zero))];
    }

    /// <summary>∂loss/∂θ, a flat array per network.</summary>
    public T[][] Gradient(Minibatch<T> batch, T[] y)
    {
        T[][][] outputs = Outputs(batch.X);
        T[] q = Values(batch, outputs);
        int size = batch.X.Length;
        T[][][] outputGradients = [.. _networks.Select(n => Enumerable.Range(0, size).Select(_ => new T[n.Output]).ToArray())];
        for (int m = 0; m < size; m++)
        {
            // ∂loss/∂Q = 2 (Q − y) / batch
            T dq = T.CreateChecked(2) * (q[m] - y[m]) / T.CreateChecked(size);
            (_, T[] mean, T[] packed) = Heads(outputs, m);
            (T[] dMean, T[] dPacked) = NafAdvantageReference<T>.Gradient(mean, packed, batch.U[m], T.CreateChecked(_settings.LogDiagonalBound));
            T[] all = [dq, .. dMean.Select(g => g * dq), .. dPacked.Select(g => g * dq)];
            for (int n = 0, at = 0; n < _networks.Length; at += _networks[n++].Output)
                all.AsSpan(at, _networks[n].Output).CopyTo(outputGradients[n][m]);
        }
        var gradient = new T[_networks.Length][];
        for (int n = 0; n < _networks.Length; n++)
        {
            gradient[n] = new T[_networks[n].Parameters];
            _mlps[n].Backward(Parameters[n], batch.X, outputGradients[n], gradient[n]);
        }
        return gradient;
    }

    /// <summary>One whole update: targets, gradient, clipping, Adam, Polyak, running statistics.</summary>
    /// <returns>The loss before the update.</returns>
    public T Update(Minibatch<T> batch)
    {
        T[] y = Targets(batch);
        T loss = Loss(batch, y);
        T[][] gradient = Gradient(batch, y);
        T norm = T.Sqrt(gradient.SelectMany(g => g).Aggregate(T.Zero, (sum, g) => sum + g * g)), clip = T.CreateChecked(_settings.ClipNorm);
        T scale = clip > T.Zero && norm > clip ? clip / norm : T.One;
        _step++;
        for (int n = 0; n < _networks.Length; n++)
        {
            for (int i = 0; i < gradient[n].Length; i++)
                AdamStep(ref Parameters[n][i], gradient[n][i] * scale, ref First[n][i], ref Second[n][i]);
            UpdateStatistics(n);
        }
        Polyak(Target, Parameters[0]);
        Polyak(TargetStatistics, Statistics[0]);
        return loss;
    }

    /// <summary>Q(x, u) of each sample.</summary>
    public T[] Values(Minibatch<T> batch) => Values(batch, Outputs(batch.X));

    private T[] Values(Minibatch<T> batch, T[][][] outputs) => [.. batch.U.Select((u, m) =>
    {
        (T v, T[] mean, T[] packed) = Heads(outputs, m);
        return NafAdvantageReference<T>.Value(v, mean, packed, u, T.CreateChecked(_settings.LogDiagonalBound));
    })];

    private T[][][] Outputs(T[][] x) => [.. _mlps.Select((mlp, n) => mlp.Forward(Parameters[n], null, x))];

    private (T V, T[] Mean, T[] Packed) Heads(T[][][] outputs, int sample)
    {
        T[] all = [.. outputs.SelectMany(o => o[sample])];
        return (all[0], all[1..(1 + _shape.Action)], all[(1 + _shape.Action)..]);
    }

    private void AdamStep(ref T parameter, T g, ref T m, ref T v)
    {
        (double b1, double b2) = (_settings.Beta1, _settings.Beta2);
        m = T.CreateChecked(b1) * m + T.CreateChecked(1 - b1) * g;
        v = T.CreateChecked(b2) * v + T.CreateChecked(1 - b2) * g * g;
        T first = m / T.CreateChecked(1 - Math.Pow(b1, _step)), second = v / T.CreateChecked(1 - Math.Pow(b2, _step));
        parameter -= T.CreateChecked(_settings.LearningRate) * first / (T.Sqrt(second) + T.CreateChecked(_settings.Epsilon));
    }

    private void UpdateStatistics(int network)
    {
        if (!_shape.BatchNorm) return;
        T rate = T.CreateChecked(BatchNormConstants.Rate);
        for (int l = 0; l < _networks[network].Layers; l++)
            for (int j = 0; j < _networks[network].Hidden[l]; j++)
            {
                int mean = _networks[network].Means(l) + j, variance = mean + MlpShape.Pad(_networks[network].Hidden[l]);
                Statistics[network][mean] += rate * (_mlps[network].Moments[l].Mean[j] - Statistics[network][mean]);
                Statistics[network][variance] += rate * (_mlps[network].Moments[l].Variance[j] - Statistics[network][variance]);
            }
    }

    private void Polyak(T[] target, T[] source)
    {
        T tau = T.CreateChecked(_settings.Tau);
        for (int i = 0; i < target.Length; i++) target[i] = tau * source[i] + (T.One - tau) * target[i];
    }
}
