using Naf.Sim.Mujoco;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Base of the simulator's tests: after each test, nothing that it made may be alive.</summary>
[NonParallelizable] // the counters are the process's
public abstract class MujocoFixture
{
    private int models, simulations;

    [SetUp]
    public void CountBefore() => (models, simulations) = (MujocoModel.LiveCount, MujocoData.LiveCount);

    [TearDown]
    public void NothingIsAlive() => Assert.Multiple(() =>
    {
        Assert.That(MujocoData.LiveCount, Is.EqualTo(simulations), "an mjData was not disposed");
        Assert.That(MujocoModel.LiveCount, Is.EqualTo(models), "an mjModel was not disposed");
    });

    /// <summary>A saved state as bits, so that equality is bitwise.</summary>
    protected static long[] Bits(MujocoData data)
    {
        var state = new double[data.StateSize];
        Array.Fill(state, double.NaN);
        data.SaveState(state);
        return [.. state.Select(BitConverter.DoubleToInt64Bits)];
    }
}
