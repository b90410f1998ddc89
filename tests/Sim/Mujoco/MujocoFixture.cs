using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>Base of the simulator tests: after each test none of its native objects may be alive.</summary>
[NonParallelizable] // the counters are process-wide
internal abstract class MujocoFixture : FolderFixture
{
    /// <summary>Native objects before the test.</summary>
    protected int Before { get; private set; }

    [SetUp]
    public void CountBefore() => Before = NativeObjects.Alive;

    [TearDown]
    public void NothingIsAlive() => Assert.That(NativeObjects.Alive, Is.EqualTo(Before), "native objects not freed");

    /// <summary>A simulation of a model given as text, with the model's lifetime.</summary>
    protected static MujocoData Simulate(string xml)
    {
        using MujocoModel model = MujocoModel.LoadXml(xml);
        return new MujocoData(model);
    }

    /// <summary>A saved state as bits, so that equality is bitwise.</summary>
    protected static long[] Bits(MujocoData data)
    {
        var state = new double[data.StateSize];
        Array.Fill(state, double.NaN);
        data.SaveState(state);
        return [.. state.Select(BitConverter.DoubleToInt64Bits)];
    }
}
