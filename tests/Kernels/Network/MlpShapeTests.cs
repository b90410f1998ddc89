using Naf.Kernels.Network;

namespace Naf.Tests;

internal sealed class MlpShapeTests
{
    [TestCase(Normalisation.None, 0)]
    [TestCase(Normalisation.Batch, 22)]
    [TestCase(Normalisation.Layer, 44)]
    public void Every_parameter_has_a_place_of_its_own(Normalisation normalisation, int more)
    {
        var shape = new MlpShape(3, [5, 17], 2, normalisation);
        var places = new List<int>();
        for (int l = 0; l <= shape.Layers; l++)
        {
            int units = l < shape.Layers ? shape.Hidden[l] : shape.Output;
            for (int to = 0; to < units; to++)
            {
                places.Add(shape.Biases(l) + to);
                if (normalisation != Normalisation.None && l < shape.Layers) places.Add(shape.Scales(l) + to);
                if (normalisation == Normalisation.Layer && l < shape.Layers) places.Add(shape.Shifts(l) + to);
                for (int from = 0; from < shape.Inputs(l); from++) places.Add(shape.Weight(l, from, to));
            }
        }
        Assert.That(places, Is.Unique.And.All.InRange(0, shape.Parameters - 1));
        Assert.That(places, Has.Count.EqualTo(3 * 5 + 5 + 5 * 17 + 17 + 17 * 2 + 2 + more));
    }

    [Test]
    public void Initial_weights_are_within_their_bounds_and_the_padding_is_zero()
    {
        var shape = new MlpShape(4, [200], 3);
        var parameters = new float[shape.Parameters];
        shape.Initialise(1, 0, headScale: 0.1f, parameters, []);
        float[] hidden = [.. from i in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 200)
            select parameters[shape.Weight(0, i, j)]];
        float[] head = [.. from i in Enumerable.Range(0, 200) from j in Enumerable.Range(0, 3)
            select parameters[shape.Weight(1, i, j)]];
        Assert.That(hidden, Is.All.InRange(-0.5f, 0.5f));
        Assert.That(hidden.Max(), Is.GreaterThan(0.49f));
        Assert.That(head, Is.All.InRange(-0.1 / Math.Sqrt(200), 0.1 / Math.Sqrt(200)));
        Assert.That(parameters.Count(p => p != 0), Is.EqualTo(4 * 200 + 200 + 600 + 3));
    }

    [TestCase(0, 1)]
    [TestCase(1, 0)]
    public void Impossible_sizes_are_refused(int input, int output) =>
        Assert.That(() => new MlpShape(input, [3], output),
            Throws.ArgumentException.With.Message.Contains("at least 1"));
}
