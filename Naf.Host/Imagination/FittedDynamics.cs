using Naf.Gpu.Cpu;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Gaussian.Mixture;
using Naf.Kernels.Rollout.Engines;

namespace Naf.Host.Imagination;

/// <summary>
/// A learner's time-varying linear-Gaussian dynamics p_t(s′|s, u) = N(F_t [s; u] + f_t, N_t), refitted to the newest n
/// episodes (paper, section 5.3). A fit that is not finite is rejected: the last good models are kept.
/// </summary>
/// <param name="fit">The population's fit, which holds the models of the last fit, even rejected ones.</param>
/// <param name="packed">The population's last good models.</param>
/// <param name="first">Index of the learner's first model in both.</param>
/// <param name="models">Number of models of the learner.</param>
/// <param name="team">Threads for the prior.</param>
internal abstract class FittedDynamics(
    GaussianFit fit, PackedModels packed, int first, int models, ImaginationSettings settings, ulong seed,
    WorkTeam team)
{
    public DynamicsShape Shape => fit.Shape;

    public int Models => models;

    /// <summary>The last good models of all learners of the population.</summary>
    public PackedModels AllModels => packed;

    public bool Ready { get; protected set; }

    /// <summary>Indices of the models in the population's fit.</summary>
    public IEnumerable<int> Places => Enumerable.Range(first, models);

    /// <summary>[D], 1 / standard deviation of each entry of the recent samples; 0 where it is constant.</summary>
    public double[] Scale { get; private set; } = new double[fit.Shape.Sample];

    /// <summary>Bounds on imagined states, from the recent data.</summary>
    public StateRange Range { get; private set; } = new(new float[2 * fit.Shape.State]);

    protected ImaginationSettings Settings => settings;

    protected ulong Seed => seed;

    protected WorkTeam Team => team;

    /// <summary>Index of the model for an episode that was not fitted.</summary>
    public abstract int ModelOf(EpisodeRecord episode);

    /// <summary>Index of the model of episode <paramref name="place"/> of B in the last fit.</summary>
    public abstract int ModelAt(EpisodeRecord episode, int place);

    /// <summary>Stores the newest episodes of a memory in the fit; its B is full.</summary>
    /// <returns>Further inputs of the fit; null if a model has neither episodes nor a prior.</returns>
    /// <exception cref="ArgumentException">The episodes can't be fitted.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">A sample is not finite.</exception>
    public virtual FitInput? Prepare(EpisodeMemory memory)
    {
        int count = Math.Max(settings.PriorEpisodes, settings.RefitEpisodes);
        double[] recent = [.. memory.Recent.TakeLast(count).SelectMany(e => e.Samples())];
        SampleMoments moments = SampleMoments.Of(Shape.Sample, recent);
        double[] scale = moments.Scale();
        if (!scale.All(double.IsFinite)) throw new ArgumentException("the spread of the states is not a finite number");

        (EpisodeRecord[][] chosen, StartClusters? clusters, int[] labels) = Choose(memory);
        for (int c = 0; c < models; c++)
            for (int i = 0; i < fit.MaxEpisodes; i++)
                fit.Store(first + c, i, i < chosen[c].Length ? Placed(chosen[c][i]) : []);
        GaussianPrior? prior = settings.Prior switch
        {
            DynamicsPrior.None => null,
            DynamicsPrior.Gaussian =>
                GaussianPrior.Pooled([.. Enumerable.Repeat(moments, models)], settings.PriorStrength),
            _ => OfMixture(recent, scale, chosen),
        };
        return prior is null && chosen.Any(c => c.Length == 0)
            ? null : new FitInput(recent, scale, prior, clusters, labels);
    }

    /// <summary>Accepts the fitted models, on the device, if all are finite.</summary>
    public virtual bool TakeOver(FitInput input)
    {
        if (!Places.All(fit.IsFinite)) return false;
        foreach (int place in Places) packed.TakeFrom(fit, place);
        (Scale, Ready) = (input.Scale, true);
        Range = StateRange.Of<double>(input.Recent, Shape.Sample, Shape.State, settings.Range, 0, Shape.Input);
        return true;
    }

    /// <summary>Prediction error on an episode that is not yet in the fit; null before the first fit.</summary>
    public ModelError? ErrorOn(EpisodeRecord episode)
    {
        if (!Ready) return null;
        float[] model = Packed(ModelOf(episode), 1);
        double[] next = new double[Shape.State];
        return ModelError.Of(episode, Scale.AsSpan(Shape.Input), settings.Steps, (t, s, u) =>
        {
            Mean(model.AsSpan(t * Shape.PackedStep, Shape.PackedStep), s, u, next);
            next.CopyTo(s);
        });
    }

    public virtual void Serialise(CheckpointScope scope)
    {
        Ready = scope.Value("ready", Ready);
        if (!Ready) return;
        float[] numbers = scope.Values("models", scope.IsLoading ? [] : Packed(0, Models));
        if (scope.IsLoading) packed.Write(first, numbers);
        scope.Fill<double>("scale", Scale);
        scope.Fill<float>("range", Range.Bounds);
    }

    /// <summary>F, f and N of a model of the last fit, even a rejected one, in double precision.</summary>
    protected (double[] F, double[] Offset, double[] N) LastFit(int model) => fit.Model(first + model);

    /// <summary>[count, T, PackedStep], the last good packed models from an index on, copied from the device.</summary>
    public float[] Packed(int from, int count)
    {
        var numbers = new float[count * packed.Length];
        packed.Read(first + from, numbers);
        return numbers;
    }

    /// <summary>The episodes of each model, the clusters of the initial states, and their labels.</summary>
    protected abstract (EpisodeRecord[][], StartClusters?, int[] Names) Choose(EpisodeMemory memory);

    // the samples at their time steps; for the control experiment, shifted by half an episode
    private double[] Placed(EpisodeRecord episode)
    {
        int size = Shape.Sample, length = Math.Min(episode.Length, Shape.Horizon);
        double[] samples = episode.Samples();
        if (!settings.ShiftedTime) return samples[..(length * size)];
        int split = length / 2 * size;
        return [.. samples[split..(length * size)], .. samples[..split]];
    }

    private GaussianPrior OfMixture(double[] recent, double[] scale, EpisodeRecord[][] chosen)
    {
        int components = GaussianMixture.DefaultComponents(recent.Length / Shape.Sample);
        var mixture = new MixturePrior(recent, scale, new MixtureSettings(components, Seed: seed), team);
        return GaussianPrior.OfMixtures([.. Enumerable.Repeat(mixture, models)],
            [.. chosen.Select(c => c.Select(Placed).ToArray())], Shape.Horizon, settings.PriorStrength);
    }

    // the mean of s′, from the packed rows of a time step: the columns of F_t, then f_t
    private void Mean(ReadOnlySpan<float> rows, ReadOnlySpan<double> s, ReadOnlySpan<double> u, Span<double> next)
    {
        int row = Shape.PackedRow, states = Shape.State;
        for (int i = 0; i < states; i++) next[i] = rows[Shape.Input * row + i];
        for (int j = 0; j < Shape.Input; j++)
        {
            double z = j < states ? s[j] : u[j - states];
            for (int i = 0; i < states; i++) next[i] += rows[j * row + i] * z;
        }
    }
}
