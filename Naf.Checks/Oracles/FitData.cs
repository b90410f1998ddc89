using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;

namespace Naf.Checks.Oracles;

/// <summary>Episodes of a linear-Gaussian system that drifts over time, with prior and scale as in training.</summary>
/// <param name="Episodes">[learner][episode][sample][D].</param>
/// <param name="Scale">[learners, D], or empty.</param>
internal sealed record FitData(DynamicsShape Shape, double[][][][] Episodes, GaussianPrior? Prior, double[] Scale)
{
    public static FitData Draw(DynamicsShape shape, FitOptions options)
    {
        bool constant = options.Scaled && options.Constant;
        double[][][][] episodes =
        [
            .. Enumerable.Range(0, options.Learners).Select(k => Enumerable.Range(0, options.Episodes)
                .Select(e => Episode(shape, (ulong)k, (uint)e, Length(shape.Horizon, e, options), constant)).ToArray()),
        ];
        SampleMoments[] moments = [.. episodes.Select(learner =>
            SampleMoments.Of(shape.Sample, [.. learner.SelectMany(e => e).SelectMany(z => z)]))];
        double[] scale = options.Scaled ? [.. moments.SelectMany(m => m.Scale())] : [];
        GaussianPrior? prior = options.PriorSteps == 0 ? null : GaussianPrior.Pooled(moments, 3);
        if (prior is not null && options.PriorSteps > 1)
            prior = new GaussianPrior(
                Spread(prior.Mean, shape.Sample), Spread(prior.Scatter, shape.Sample * shape.Sample), 3);
        return new FitData(shape, episodes, prior, scale);

        // step t is 1 + t / T times the common one
        double[] Spread(double[] common, int size) =>
        [
            .. Enumerable.Range(0, common.Length / size).SelectMany(k => Enumerable.Range(0, shape.Horizon)
                .SelectMany(t => common.AsSpan(k * size, size).ToArray()
                    .Select(v => v * (1 + t / (double)shape.Horizon)))),
        ];
    }

    public void Store(GaussianFit fit)
    {
        for (int k = 0; k < Episodes.Length; k++)
            for (int e = 0; e < Episodes[k].Length; e++)
                fit.Store(k, e, Episodes[k][e].SelectMany(z => z).ToArray());
    }

    /// <summary>[D], the scale of a learner; 1 where there is none.</summary>
    public double[] ScaleOf(int learner) =>
        Scale.Length == 0 ? [.. Enumerable.Repeat(1.0, Shape.Sample)]
            : Scale.AsSpan(learner * Shape.Sample, Shape.Sample).ToArray();

    /// <summary>The data of a single learner.</summary>
    public FitData Only(int learner)
    {
        int means = (Prior?.Mean.Length ?? 0) / Episodes.Length, scatters = means * Shape.Sample,
            scales = Scale.Length / Episodes.Length;
        GaussianPrior? prior = Prior is null ? null : Prior with
        {
            Mean = Prior.Mean[(learner * means)..((learner + 1) * means)],
            Scatter = Prior.Scatter[(learner * scatters)..((learner + 1) * scatters)],
        };
        return new FitData(Shape, [Episodes[learner]], prior, Scale[(learner * scales)..((learner + 1) * scales)]);
    }

    // ragged: no episode reaches the horizon, and the first is empty
    private static int Length(int horizon, int episode, FitOptions options) =>
        !options.Ragged ? horizon : episode == options.Episodes / 2
            ? Math.Max(1, horizon - 3) : horizon * episode / options.Episodes;

    // s′ = s + 0.1 (mixture of s and u) + noise; positions far from 0, entries of very different size, the last of
    // s constant
    private static double[][] Episode(DynamicsShape shape, ulong learner, uint episode, int length, bool constant)
    {
        int states = shape.State, inputs = shape.Input;
        var s = new double[states];
        for (int i = 0; i < states; i++)
            s[i] = Size(i) * (5 + Philox.Normal(learner, RandomStream.Reset, (ulong)i, episode));
        var samples = new double[length][];
        for (int t = 0; t < length; t++)
        {
            double[] z = samples[t] = new double[shape.Sample];
            if (constant && states > 1) s[^1] = 0.7;
            s.CopyTo(z, 0);
            for (int a = 0; a < shape.Action; a++)
                z[states + a] =
                    2 * Philox.Uniform(learner, RandomStream.RandomPolicy, (ulong)t, 1000 * episode + (uint)a) - 1;
            for (int i = 0; i < states; i++)
            {
                double noise = Philox.Normal(learner, RandomStream.Exploration, (ulong)t, 1000 * episode + (uint)i);
                double next = 0.9 * (s[i] / Size(i) - 5) + 0.02 * noise;
                for (int k = 0; k < inputs; k++)
                    next += 0.1 * Math.Sin(1 + i * inputs + k + 0.1 * t) * (k < states ? s[k] / Size(k) - 5 : z[k])
                        / Math.Sqrt(inputs);
                z[inputs + i] = Size(i) * (5 + next);
            }
            Array.Copy(z, inputs, s, 0, states);
            if (constant && states > 1) z[^1] = 0.7;
        }
        return samples;

        static double Size(int entry) => Math.Pow(10, entry % 3 - 1);
    }
}

/// <summary>Options of a checked fit.</summary>
/// <param name="PriorSteps">Steps of the prior: 0 (none), 1 or the horizon.</param>
/// <param name="Scaled">Whether entries are standardised.</param>
/// <param name="Ragged">Whether episodes end early, at different time steps.</param>
/// <param name="Constant">Whether two of the standardised entries are constant.</param>
internal sealed record FitOptions(
    int Learners = 2, int Episodes = 5, int PriorSteps = 1, bool Scaled = true, bool Ragged = false,
    bool Constant = true)
{
    /// <summary>Ridge and floor; on a device without double precision at least 1e-2 each.</summary>
    public GaussianFitSettings Settings { get; init; } = new();
}
