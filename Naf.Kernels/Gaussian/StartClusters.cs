using Naf.Gpu.Cpu;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Gaussian.Mixture;

namespace Naf.Kernels.Gaussian;

/// <summary>
/// Clusters of episodes by initial state, as a mixture of Gaussians (paper, section 5). Each cluster has its own
/// dynamics, and a new start is assigned to the cluster with the largest responsibility. Clusters are numbered in order
/// of their first members, so that episode 0 is in cluster 0.
/// </summary>
internal sealed class StartClusters
{
    // clusters are not distinguished within a tenth of the standard deviation of all starts: few members span few
    // directions, and give no variance for the others
    private const double Floor = 0.01;

    private readonly double[] _starts;
    private readonly ulong _seed;
    private readonly int _size, _asked;
    private readonly MixturePrior _mixture;
    // [components]: the cluster of a component, or −1 if it has no members
    private readonly int[] _clusters;

    /// <param name="starts">[episodes, size], initial states and constants; constant entries are ignored.</param>
    /// <param name="seed">Seed of the initial clusters; equal starts and seeds give equal clusters, bitwise.</param>
    /// <param name="team">Worker threads; null: the calling thread does all the work.</param>
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

    /// <summary>Clusters with members; fewer than requested if starts are equal or few.</summary>
    public int Count { get; }

    /// <summary>[episodes], the cluster of each episode, 0 to Count − 1.</summary>
    public int[] Members { get; }

    /// <summary>The cluster with the largest responsibility for a start.</summary>
    /// <param name="start">[size].</param>
    public int Of(ReadOnlySpan<double> start) => _clusters[Most(start)];

    /// <summary>Saves clusters, or loads them and restores the same clusters, bitwise.</summary>
    public static StartClusters Serialise(CheckpointScope scope, StartClusters? saved, WorkTeam? team = null)
    {
        double[] starts = scope.Values("starts", saved?._starts ?? []);
        (int size, int clusters) = (scope.Value("size", saved?._size ?? 0), scope.Value("asked", saved?._asked ?? 0));
        ulong seed = scope.Value("seed", saved?._seed ?? 0);
        return scope.IsLoading ? new StartClusters(starts, size, clusters, seed, team) : saved!;
    }

    // the component with members that has the largest responsibility; the first of equal ones
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
