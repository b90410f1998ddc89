using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;
using Naf.Kernels.Scalar;

namespace Naf.Tests;

/// <summary>Clusters of episodes by start state.</summary>
internal sealed class StartClustersTests
{
    private const int Size = 9;

    // around three centres with units of 100, 1 and 0.01; two entries never change; the centre of episode e is e % 3
    private static double[] Starts(int episodes, int seed, int from = 0)
    {
        return [.. Enumerable.Range(from, episodes)
            .SelectMany(e => Enumerable.Range(0, Size).Select(i => Entry(e, i)))];

        double Entry(int e, int i)
        {
            double place = i / 3 == e % 3 ? 1
                : 0, spread = 0.05 * Philox.Normal((ulong)seed, RandomStream.Reset, (ulong)e, (uint)i);
            return i >= 7 ? 0.7 : Math.Pow(100, 1 - i % 3) * (place + spread);
        }
    }

    [Test]
    public void Episodes_and_new_starts_go_to_the_cluster_of_their_place(
    [Range(1, 10)] int seed, [Values(6, 15, 50)] int episodes)
    {
        StartClusters clusters = new StartClusters(Starts(episodes, seed), Size, 3, (ulong)seed);
        Assert.That(clusters.Count, Is.EqualTo(3));
        Assert.That(clusters.Members.ToArray(), Is.EqualTo(Enumerable.Range(0, episodes).Select(e => e % 3)));
        double[] others = Starts(60, seed, from: 300);
        for (int e = 0; e < 60; e++)
            Assert.That(clusters.Of(others.AsSpan(e * Size, Size)), Is.EqualTo(e % 3), $"new start {e}");
    }

    [Test]
    public void Clusters_are_numbered_by_their_first_members([Range(1, 10)] int seed)
    {
        // the centres in the order 2, 2, 0, 1, 0, …
        int[] order = [2, 5, 0, 1, 3, 4, 6, 7, 8], expected = [0, 0, 1, 2, 1, 2, 1, 2, 0];
        double[] starts = Starts(9, seed);
        starts = [.. order.SelectMany(e => starts[(e * Size)..((e + 1) * Size)])];
        Assert.That(new StartClusters(starts, Size, 3, (ulong)seed).Members.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Equal_starts_and_one_cluster_are_one()
    {
        StartClusters equal = new StartClusters([.. Enumerable.Repeat(0.7, 5 * Size)], Size, 3, 1);
        Assert.That((equal.Count, equal.Members.ToArray(), equal.Of(Starts(1, 1))), Is.EqualTo((1, new int[5], 0)));
        StartClusters one = new StartClusters(Starts(5, 1), Size, 1, 1);
        Assert.That((one.Count, one.Members.ToArray()), Is.EqualTo((1, new int[5])));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Fewer_starts_than_clusters_have_one_each(int episodes)
    {
        StartClusters clusters = new StartClusters(Starts(episodes, 1), Size, 7, 1);
        Assert.That(clusters.Members.ToArray(), Is.EqualTo(Enumerable.Range(0, episodes)));
        Assert.That(clusters.Count, Is.EqualTo(episodes));
        // however far away a start is
        Assert.That(clusters.Of([.. Enumerable.Repeat(1e200, Size)]), Is.InRange(0, episodes - 1));
    }

    [Test]
    public void Places_that_are_met_again_and_again_are_as_many_as_there_are()
    {
        double[] places = Starts(3, 1);
        double[] starts = [.. Enumerable.Range(0, 12).SelectMany(e => places[(e % 3 * Size)..((e % 3 + 1) * Size)])];
        StartClusters clusters = new StartClusters(starts, Size, 5, 1);
        int[] first = clusters.Members[..3].ToArray();
        Assert.That(first, Is.Unique);
        Assert.That(clusters.Members.ToArray(), Is.EqualTo(Enumerable.Range(0, 12).Select(e => first[e % 3])));
        Assert.That(clusters.Count, Is.EqualTo(3));
    }

    [Test]
    public void They_are_the_same_again_from_a_checkpoint()
    {
        // no clusters: a start is between several
        double[] starts = [.. Enumerable.Range(0, 40 * Size)
            .Select(i => Philox.Uniform(1, RandomStream.Reset, (ulong)i))];
        StartClusters clusters = new StartClusters(starts, Size, 4, 3);
        StartClusters again = StartClusters.Serialise(Saved.By(s => StartClusters.Serialise(s, clusters)), null);
        Assert.That(again.Members.ToArray(), Is.EqualTo(clusters.Members.ToArray()));
        for (int e = 0; e < 40; e++)
        {
            double[] start = [.. starts[(e * Size)..((e + 1) * Size)].Select(x => x * x)];
            Assert.That(again.Of(start), Is.EqualTo(clusters.Of(start)));
        }
    }

    [Test]
    public void A_start_that_is_not_finite_is_refused()
    {
        double[] starts = Starts(3, 1);
        starts[11] = double.NaN;
        Assert.That(() => new StartClusters(starts, Size, 2, 1),
            Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("entry 2 of sample 1"));
    }
}
