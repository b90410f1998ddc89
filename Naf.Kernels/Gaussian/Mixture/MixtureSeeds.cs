using Naf.Kernels.Random;

namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>
/// Initial clusters of a mixture: k-means++ with several candidates for each centre (Arthur and Vassilvitskii 2007),
/// then a few iterations of Lloyd's algorithm.
/// </summary>
/// <param name="samples">Standardised samples, clustered by Euclidean distance.</param>
internal sealed class MixtureSeeds(MixtureSamples samples, ulong seed)
{
    private const int Rounds = 10;

    private readonly double[] _squares = new double[samples.Blocks * MixtureSamples.Block];
    private readonly double[] _nearest = new double[samples.Blocks * MixtureSamples.Block];
    private ulong _draws;

    /// <summary>The centre of each sample; a centre may have no samples where samples are equal.</summary>
    /// <param name="centres">Number of centres, at most the number of samples.</param>
    public int[] Assign(int centres)
    {
        double[][] chosen = Choose(centres);
        var assigned = new int[samples.Count];
        for (int round = 0; round < Rounds; round++)
        {
            if (!Nearest(chosen, assigned) && round > 0) break;
            Centre(chosen, assigned);
        }
        return assigned;
    }

    // draws each centre from the samples with probability proportional to the squared distance from the nearest earlier
    // centre, and keeps the best of several candidates
    private double[][] Choose(int centres)
    {
        int candidates = 2 + (int)Math.Log(centres);
        var chosen = new double[centres][];
        Array.Fill(_nearest, double.PositiveInfinity);
        var (best, trial) = (new double[_nearest.Length], new double[_nearest.Length]);
        for (int k = 0; k < centres; k++)
        {
            double least = double.PositiveInfinity;
            for (int c = 0; c < (k == 0 ? 1 : candidates); c++)
            {
                int n = Draw(first: k == 0);
                Squares(samples[n]);
                double sum = 0;
                for (int i = 0; i < samples.Count; i++) sum += trial[i] = Math.Min(_nearest[i], _squares[i]);
                if (chosen[k] is not null && !(sum < least)) continue;
                (least, chosen[k], best, trial) = (sum, samples[n].ToArray(), trial, best);
            }
            best.CopyTo(_nearest, 0);
        }
        return chosen;
    }

    private int Draw(bool first)
    {
        PhiloxBlock block = Philox.At(seed, RandomStream.Mixture, _draws++);
        double total = 0;
        for (int n = 0; n < samples.Count && !first; n++) total += _nearest[n];
        // all samples are already centres, or none is
        if (!(total > 0)) return Philox.Index(block.A, samples.Count);
        double left = block.Uniform * total;
        for (int n = 0; n < samples.Count; n++)
            if ((left -= _nearest[n]) < 0) return n;
        return Array.FindLastIndex(_nearest, samples.Count - 1, d => d > 0);
    }

    // assigns samples to their nearest centres; returns whether an assignment changed
    private bool Nearest(double[][] centres, int[] assigned)
    {
        Array.Fill(_nearest, double.PositiveInfinity);
        int[] before = [.. assigned];
        for (int k = 0; k < centres.Length; k++)
        {
            Squares(centres[k]);
            for (int n = 0; n < samples.Count; n++)
                if (_squares[n] < _nearest[n]) (_nearest[n], assigned[n]) = (_squares[n], k);
        }
        return !assigned.AsSpan().SequenceEqual(before);
    }

    private void Centre(double[][] centres, int[] assigned)
    {
        var counts = new int[centres.Length];
        foreach (int k in assigned) counts[k]++;
        for (int k = 0; k < centres.Length; k++)
            if (counts[k] > 0) Array.Clear(centres[k]);
        for (int n = 0; n < samples.Count; n++)
        {
            (double[] centre, double share) = (centres[assigned[n]], 1.0 / counts[assigned[n]]);
            ReadOnlySpan<double> z = samples[n];
            for (int i = 0; i < z.Length; i++) centre[i] += share * z[i];
        }
    }

    // squared distances of all samples from a point, in blocks of columns
    private void Squares(ReadOnlySpan<double> point)
    {
        Array.Clear(_squares);
        for (int block = 0; block < samples.Blocks; block++)
        {
            Span<double> to = _squares.AsSpan(block * MixtureSamples.Block, MixtureSamples.Block);
            for (int i = 0; i < point.Length; i++)
            {
                double centre = point[i];
                ReadOnlySpan<double> z = samples.Columns.AsSpan(
                    (block * samples.Height + i) * MixtureSamples.Block, MixtureSamples.Block);
                for (int n = 0; n < to.Length; n++) to[n] += (z[n] - centre) * (z[n] - centre);
            }
        }
    }
}
