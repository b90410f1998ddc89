using Naf.Gpu.Cpu;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Gaussian.Mixture;

namespace Naf.Kernels.Gaussian;

/// <summary>
/// Episodes by where they began, as a mixture of Gaussian initial states (paper, section 5): each cluster has dynamics
/// of its own, and a new start goes to the cluster that is most responsible for it. Clusters are numbered by their
/// first members, so that episode 0 is in cluster 0.
/// </summary>
internal sealed class StartClusters
{
    // a tenth of the deviation of all starts tells no clusters apart: few members span few directions, and say nothing
    // about the others
    private const double Floor = 0.01;

    private readonly double[] _starts;
    private readonly ulong _seed;
    private readonly int _size, _asked;
    private readonly MixturePrior _mixture;
    // the cluster of a component, or −1 for one that has no member
    private readonly int[] _clusters;

    /// <param name="starts">
    /// [episodes, size], states and constants at the beginning; entries that are all equal do not count.
    /// </param>
    /// <param name="seed">Draws where the clusters begin; the same starts and seed give the same, bitwise.</param>
    /// <param name="team">Threads that share the work; null: this one does it.</param>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">A number is not finite.</exception>
    public StartClusters(double[] starts, int size, int clusters, ulong seed, WorkTeam? team = null)
    {
        (_starts, _size, _asked, _seed) = (starts, size, clusters, seed);
        var settings = new MixtureSettings { Components = clusters, Floor = Floor, Shrinkage = 0, Seed = seed };
        _mixture = new MixturePrior(starts, SampleMoments.Of(size, starts).Scale(), settings, team);
        _clusters = new int[_mixture.Mixture?.Components ?? 1];
        int[] most = [.. starts.Chunk(size).Select(start => Most(start))];
        Array.Fill(_clusters, -1);
        foreach (int component in most)
            if (_clusters[component] < 0) _clusters[component] = Count++;
        Members = [.. most.Select(component => _clusters[component])];
    }

    /// <summary>Clusters that have members: as many as asked for, or fewer where starts are equal or few.</summary>
    public int Count { get; }

    /// <summary>[episodes], the cluster of each episode, 0 to Count − 1.</summary>
    public int[] Members { get; }

    /// <summary>The cluster of a start: the one that is most responsible for it.</summary>
    /// <param name="start">[size].</param>
    public int Of(ReadOnlySpan<double> start) => _clusters[Most(start)];

    /// <summary>Saves clusters, or makes the same again, bitwise.</summary>
    public static StartClusters Serialise(CheckpointScope scope, StartClusters? saved, WorkTeam? team = null)
    {
        double[] starts = scope.Values("starts", saved?._starts ?? []);
        (int size, int clusters) = (scope.Value("size", saved?._size ?? 0), scope.Value("asked", saved?._asked ?? 0));
        ulong seed = scope.Value("seed", saved?._seed ?? 0);
        return scope.IsLoading ? new StartClusters(starts, size, clusters, seed, team) : saved!;
    }

    // the component that is most responsible of those with members; the first of equal ones
    private int Most(ReadOnlySpan<double> start)
    {
        var responsibilities = new double[_clusters.Length];
        _mixture.Responsibilities(start, responsibilities);
        int most = -1;
        for (int k = 0; k < _clusters.Length; k++)
            if (_clusters[k] >= 0 && (most < 0 || responsibilities[k] > responsibilities[most])) most = k;
        return most;
    }
}
