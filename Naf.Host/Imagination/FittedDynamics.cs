using System.Runtime.InteropServices;
using Naf.Gpu.Cpu;
using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Gaussian.Mixture;
using Naf.Kernels.Rollout.Engines;

namespace Naf.Host.Imagination;

/// <summary>
/// A learner's time-varying linear-Gaussian dynamics p_t(s′|s, u) = N(F_t [s; u] + f_t, N_t), refitted to the newest n episodes (paper, section 5.3):
/// a model for each Gaussian of its initial states, and where some episodes are planned by iLQG one for the policy's and one for the planner's, which
/// go through other states. Or a model of each of the n episodes, which passes through it (<see cref="LinearisationPoint.Episode"/>): then what the
/// regression can't explain, such as a contact, happens in imagination where it happened in the episode. A fit that is not finite is not taken over:
/// the last good models stay, but for those of episodes, which are of no use to others.
/// </summary>
internal sealed class FittedDynamics
{
    private readonly ImaginationSettings _settings;
    private readonly GaussianFit _fit;
    private readonly PackedModels _packed;
    private readonly ulong _seed;
    private readonly WorkTeam _team;
    private readonly int _first, _modes;
    private readonly bool _ofEpisodes;
    private StartClusters? _clusters;
    private int[] _names = [];

    /// <param name="packed">The population's good models.</param>
    /// <param name="first">The first of the learner's models in both.</param>
    /// <param name="team">Threads for the prior.</param>
    public FittedDynamics(
        GaussianFit fit, PackedModels packed, int first, int models, ImaginationSettings settings, ulong seed, bool planned, WorkTeam team)
    {
        (_fit, _packed, _first, Models, _settings, _seed, _team) = (fit, packed, first, models, settings, seed, team);
        (_modes, _ofEpisodes) = (planned ? 2 : 1, settings.Around == LinearisationPoint.Episode);
        (Scale, Range) = (new double[Shape.Sample], new StateRange(new float[2 * Shape.State]));
    }

    public DynamicsShape Shape => _fit.Shape;

    /// <summary>Models: Gaussians of the initial states, times two where some episodes are planned; or one for each episode.</summary>
    public int Models { get; }

    public bool Ready { get; private set; }

    /// <summary>Their places in the population's fit.</summary>
    public IEnumerable<int> Places => Enumerable.Range(_first, Models);

    /// <summary>[D], 1 / standard deviation of each entry of the recent samples; 0 where it is constant.</summary>
    public double[] Scale { get; private set; }

    /// <summary>Beyond which an imagined state has left the recent data.</summary>
    public StateRange Range { get; private set; }

    /// <summary>The Gaussian of initial states to which a start belongs.</summary>
    /// <param name="s">[S], s₀.</param>
    public int StartOf(ReadOnlySpan<double> s, ReadOnlySpan<double> constants) =>
        _clusters is null ? 0 : _names[_clusters.Of([.. s, .. constants])];

    /// <summary>The model of the episodes that begin alike, and are planned or not.</summary>
    public int ModelOf(int start, bool planned) => start * _modes + (planned && _modes > 1 ? 1 : 0);

    /// <summary>The model of an episode that was not fitted: where each fitted one has its own, that of the newest.</summary>
    public int ModelOf(EpisodeRecord episode) =>
        _ofEpisodes ? Models - 1 : ModelOf(StartOf(episode.State(0), episode.Constants), episode.Planned);

    /// <summary>The model of the episode that was number <paramref name="place"/> of B in the last fit.</summary>
    public int ModelAt(EpisodeRecord episode, int place) => _ofEpisodes ? place : ModelOf(episode);

    /// <summary>Puts the newest episodes of a memory whose B is full into the fit.</summary>
    /// <returns>What the fit takes besides; null where a model has neither episodes nor a prior.</returns>
    /// <exception cref="ArgumentException">The episodes can't be fitted.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">A number of theirs is not finite.</exception>
    public FitInput? Prepare(EpisodeMemory memory)
    {
        Ready &= !_ofEpisodes;
        int count = Math.Max(_settings.PriorEpisodes, _settings.RefitEpisodes);
        double[] recent = [.. memory.Recent.TakeLast(count).SelectMany(e => e.Samples())];
        SampleMoments moments = SampleMoments.Of(Shape.Sample, recent);
        double[] scale = moments.Scale();
        if (!scale.All(double.IsFinite)) throw new ArgumentException("the spread of the states is not a finite number");
        StartClusters? clusters = Cluster(memory);
        int[] labels = clusters is null ? [] : Labels(clusters, memory);

        EpisodeRecord[][] chosen = _ofEpisodes ? [.. memory.Batch.Select(e => (EpisodeRecord[])[e])] : Chosen(memory, clusters, labels);
        for (int c = 0; c < Models; c++)
            for (int i = 0; i < _fit.MaxEpisodes; i++) _fit.Store(_first + c, i, i < chosen[c].Length ? Placed(chosen[c][i]) : []);
        GaussianPrior? prior = _settings.Prior switch
        {
            DynamicsPrior.None => null,
            DynamicsPrior.Gaussian => GaussianPrior.Pooled([.. Enumerable.Repeat(moments, Models)], _settings.PriorStrength),
            _ => OfMixture(recent, scale, chosen),
        };
        return prior is null && chosen.Any(c => c.Length == 0) ? null : new FitInput(recent, scale, prior, clusters, labels);
    }

    /// <summary>Takes over what was fitted, on the device, where all of it is finite.</summary>
    public bool TakeOver(FitInput input)
    {
        if (!Places.All(_fit.IsFinite)) return false;
        foreach (int place in Places) _packed.TakeFrom(_fit, place);
        (Scale, _clusters, _names, Ready) = (input.Scale, input.Clusters, input.Names, true);
        Range = StateRange.Of<double>(input.Recent, Shape.Sample, Shape.State, _settings.Range, 0, Shape.Input);
        return true;
    }

    /// <summary>The error on an episode that is not yet part of the fit; null before the first fit.</summary>
    public ModelError? ErrorOn(EpisodeRecord episode)
    {
        if (!Ready) return null;
        float[] packed = Packed(ModelOf(episode), 1);
        double[] next = new double[Shape.State];
        return ModelError.Of(episode, Scale.AsSpan(Shape.Input), _settings.Steps, (t, s, u) =>
        {
            Mean(packed.AsSpan(t * Shape.PackedStep, Shape.PackedStep), s, u, next);
            next.CopyTo(s);
        });
    }

    /// <summary>F, f and N of a model in double, as the planner needs them.</summary>
    public TimeVaryingModel Model(int model)
    {
        (double[] f, double[] offset, double[] n) = _fit.Model(_first + model);
        return new TimeVaryingModel(Shape, f, offset, n);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(Ready);
        if (!Ready) return;
        writer.Write(MemoryMarshal.AsBytes(Packed(0, Models).AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(Scale.AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(Range.Bounds.AsSpan()));
        _clusters?.Save(writer);
        if (_clusters is not null)
            for (int c = 0; c < _settings.InitialStates; c++) writer.Write(c < _names.Length ? _names[c] : 0);
    }

    public void Load(BinaryReader reader)
    {
        Ready = reader.ReadBoolean();
        if (!Ready) return;
        var packed = new float[Models * _packed.Length];
        reader.ReadExactly(MemoryMarshal.AsBytes(packed.AsSpan()));
        _packed.Write(_first, packed);
        reader.ReadExactly(MemoryMarshal.AsBytes(Scale.AsSpan()));
        reader.ReadExactly(MemoryMarshal.AsBytes(Range.Bounds.AsSpan()));
        _clusters = _settings.InitialStates == 1 || _ofEpisodes ? null : StartClusters.Load(reader, _team);
        if (_clusters is not null) _names = [.. Enumerable.Range(0, _settings.InitialStates).Select(_ => reader.ReadInt32())];
    }

    /// <summary>[models, T, PackedStep], the good packed models from one on, copied from the device.</summary>
    public float[] Packed(int first, int models)
    {
        var packed = new float[models * _packed.Length];
        _packed.Read(_first + first, packed);
        return packed;
    }

    // a cluster keeps the number that most of its starts had before, so that a planner's controller stays with its start
    private int[] Labels(StartClusters clusters, EpisodeMemory memory)
    {
        var labels = new int[clusters.Count];
        var free = new List<int>(Enumerable.Range(0, _settings.InitialStates));
        for (int c = 0; c < labels.Length; c++)
        {
            int cluster = c;
            int[] before = [.. memory.Recent.Where((_, e) => clusters.Members[e] == cluster).Select(e => StartOf(e.State(0), e.Constants))];
            labels[c] = free.MaxBy(label => before.Count(b => b == label));
            free.Remove(labels[c]);
        }
        return labels;
    }

    // by state and constants at the start, such as the target
    private StartClusters? Cluster(EpisodeMemory memory)
    {
        if (_settings.InitialStates == 1 || _ofEpisodes) return null;
        double[] starts = [.. memory.Recent.SelectMany(e => (double[])[.. e.State(0), .. e.Constants])];
        return new StartClusters(starts, starts.Length / memory.Recent.Count, _settings.InitialStates, _seed, _team);
    }

    // each model from the newest n episodes of its kind; where there is none yet, from those that begin alike
    private EpisodeRecord[][] Chosen(EpisodeMemory memory, StartClusters? clusters, int[] labels)
    {
        var chosen = new EpisodeRecord[Models][];
        for (int c = 0; c < Models; c++)
        {
            int start = c / _modes;
            EpisodeRecord[] alike = Models == 1
                ? [.. memory.Batch]
                : [.. memory.Recent.Where((_, e) => clusters is null || labels[clusters.Members[e]] == start)];
            EpisodeRecord[] kind = _modes == 1 ? alike : [.. alike.Where(e => e.Planned == (c % _modes == 1))];
            chosen[c] = [.. (kind.Length > 0 ? kind : alike).TakeLast(_settings.RefitEpisodes)];
        }
        return chosen;
    }

    // the samples where the fit is to see them: at their time step, or for the control half an episode away
    private double[] Placed(EpisodeRecord episode)
    {
        int size = Shape.Sample, length = Math.Min(episode.Length, Shape.Horizon);
        double[] samples = episode.Samples();
        if (!_settings.ShiftedTime) return samples[..(length * size)];
        int split = length / 2 * size;
        return [.. samples[split..(length * size)], .. samples[..split]];
    }

    private GaussianPrior OfMixture(double[] recent, double[] scale, EpisodeRecord[][] chosen)
    {
        int components = GaussianMixture.DefaultComponents(recent.Length / Shape.Sample);
        var mixture = new MixturePrior(recent, scale, new MixtureSettings(components, Seed: _seed), _team);
        return GaussianPrior.OfMixtures([.. Enumerable.Repeat(mixture, Models)],
            [.. chosen.Select(c => c.Select(Placed).ToArray())], Shape.Horizon, _settings.PriorStrength);
    }

    // the mean of s′, from a time step's packed rows: the columns of F_t, then f_t
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
