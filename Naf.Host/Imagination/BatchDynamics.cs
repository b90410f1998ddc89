using Naf.Gpu.Cpu;
using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Rollout.Engines;

namespace Naf.Host.Imagination;

/// <summary>
/// A model of the newest n episodes for each Gaussian of the initial states. If some episodes are planned by iLQG,
/// there is one for the policy's episodes and one for the planner's, which visit other states.
/// </summary>
/// <param name="modes">2 where some episodes are planned, else 1.</param>
internal sealed class BatchDynamics(
    GaussianFit fit, PackedModels packed, int first, int modes, ImaginationSettings settings, ulong seed, WorkTeam team)
    : FittedDynamics(fit, packed, first, modes * settings.InitialStates, settings, seed, team)
{
    private StartClusters? _clusters;
    private int[] _names = [];

    /// <summary>Index of the Gaussian of initial states that a start belongs to.</summary>
    /// <param name="s">[S], s₀.</param>
    public int StartOf(ReadOnlySpan<double> s, ReadOnlySpan<double> constants) =>
        _clusters is null ? 0 : _names[_clusters.Of([.. s, .. constants])];

    /// <summary>Index of the model of the planned or unplanned episodes of a Gaussian of initial states.</summary>
    public int ModelOf(int start, bool planned) => start * modes + (planned && modes > 1 ? 1 : 0);

    public override int ModelOf(EpisodeRecord episode) =>
        ModelOf(StartOf(episode.State(0), episode.Constants), episode.Planned);

    public override int ModelAt(EpisodeRecord episode, int place) => ModelOf(episode);

    /// <summary>F, f and N in double precision, for the planner, of an accepted model of the last fit.</summary>
    public TimeVaryingModel Model(int model)
    {
        (double[] f, double[] offset, double[] n) = LastFit(model);
        return new TimeVaryingModel(Shape, f, offset, n);
    }

    public override bool TakeOver(FitInput input)
    {
        if (!base.TakeOver(input)) return false;
        (_clusters, _names) = (input.Clusters, input.Names);
        return true;
    }

    public override void Serialise(CheckpointScope scope)
    {
        base.Serialise(scope);
        if (!Ready || Settings.InitialStates == 1) return;
        _clusters = StartClusters.Serialise(scope.Scope("clusters"), _clusters, Team);
        _names = scope.Values("cluster_numbers", _names);
    }

    // each model from the newest n episodes of its kind; if there are none yet, from all with similar starts
    protected override (EpisodeRecord[][], StartClusters?, int[] Names) Choose(EpisodeMemory memory)
    {
        StartClusters? clusters = Cluster(memory);
        int[] labels = clusters is null ? [] : Labels(clusters, memory);
        var chosen = new EpisodeRecord[Models][];
        for (int c = 0; c < Models; c++)
        {
            int start = c / modes;
            EpisodeRecord[] alike = Models == 1
                ? [.. memory.Batch]
                : [.. memory.Recent.Where((_, e) => clusters is null || labels[clusters.Members[e]] == start)];
            EpisodeRecord[] kind = modes == 1 ? alike : [.. alike.Where(e => e.Planned == (c % modes == 1))];
            chosen[c] = [.. (kind.Length > 0 ? kind : alike).TakeLast(Settings.RefitEpisodes)];
        }
        return (chosen, clusters, labels);
    }

    // a cluster keeps the label that most of its starts had before, so that controllers stay with their starts
    private int[] Labels(StartClusters clusters, EpisodeMemory memory)
    {
        var labels = new int[clusters.Count];
        var free = new List<int>(Enumerable.Range(0, Settings.InitialStates));
        for (int c = 0; c < labels.Length; c++)
        {
            int cluster = c;
            int[] before = [.. memory.Recent.Where((_, e) => clusters.Members[e] == cluster)
                .Select(e => StartOf(e.State(0), e.Constants))];
            labels[c] = free.MaxBy(label => before.Count(b => b == label));
            free.Remove(labels[c]);
        }
        return labels;
    }

    // by initial state and constants, such as the target
    private StartClusters? Cluster(EpisodeMemory memory)
    {
        if (Settings.InitialStates == 1) return null;
        double[] starts = [.. memory.Recent.SelectMany(e => (double[])[.. e.State(0), .. e.Constants])];
        return new StartClusters(starts, starts.Length / memory.Recent.Count, Settings.InitialStates, Seed, Team);
    }
}
