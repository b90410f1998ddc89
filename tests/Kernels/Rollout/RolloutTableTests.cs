using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Kernels.Rollout;
using Naf.Kernels.Scalar;
using Naf.Sim.Tasks;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>h and r from the kernels' tables against the functions of simulator and planner, in double and in float.</summary>
public sealed class RolloutTableTests
{
    private static IEnumerable<string> Tasks => ["everything", .. TaskLibrary.Names];

    private static RolloutDefinition Definition(string task) => task == "everything" ? RolloutTasks.Everything() : RolloutTasks.BuiltIn(task);

    [TestCaseSource(nameof(Tasks))]
    public void Observations_and_rewards_are_those_of_the_functions(string task)
    {
        RolloutDefinition definition = Definition(task);
        var h = new ObservationFunction<double>(definition.Observation);
        var r = new RewardFunction<double>(definition.Reward);
        KinematicTree tree = definition.Observation.Tree;
        using var host = new HostArrays();
        var exact = new Tables<double, DoubleMath>(definition, host);
        var rounded = new Tables<float, FloatMath>(definition, host);
        double[] s = new double[2 * tree.Nv], x = new double[h.Definition.Size], back = new double[tree.Nq], velocity = new double[tree.Nv];
        for (ulong draw = 0; draw < 31; draw++)
        {
            (double[] qpos, double[] qvel, double[] c) = SampleTrees.State(tree, definition.Observation.ConstantSize, draw);
            double[] u = [.. Enumerable.Range(0, definition.Dynamics.Action).Select(i => Philox.Normal(5, RandomStream.TestReset, draw, (uint)i))];
            definition.Coordinates.ToState<double>(qpos, qvel, s);
            definition.Coordinates.FromState<double>(s, back, velocity);
            h.Evaluate(back, velocity, c, x);
            double reward = r.Value(x, u);

            (double[] actual, double value, bool ends) = exact.Evaluate(s, c, u);
            Assert.That(actual, Is.EqualTo(x).Within(Tolerances.ByHand), $"draw {draw}");
            Assert.That((value, ends), Is.EqualTo((reward, r.Terminates(x))).Using<(double Value, bool Ends)>(
                (a, b) => a.Ends == b.Ends && Math.Abs(a.Value - b.Value) <= Tolerances.ByHand * (1 + Math.Abs(b.Value))), $"draw {draw}");

            (float[] single, float singleValue, _) = rounded.Evaluate(Narrow(s), Narrow(c), Narrow(u));
            for (int i = 0; i < x.Length; i++)
                Assert.That((single[i] - x[i]) / (1 + Math.Abs(x[i])), Is.Zero.Within(Tolerances.ImaginedRow), $"draw {draw}, entry {i}");
            Assert.That((singleValue - reward) / (1 + Math.Abs(reward)), Is.Zero.Within(Tolerances.ImaginedRow), $"draw {draw}");
        }
    }

    [Test]
    public void What_is_not_finite_is_said()
    {
        RolloutDefinition definition = RolloutTasks.Everything();
        using var host = new HostArrays();
        var tables = new Tables<float, FloatMath>(definition, host);
        (float[] s, float[] c, float[] u) = (new float[definition.Dynamics.State], new float[5], new float[3]);
        tables.Evaluate(s, c, u);
        Assert.That(tables.Finite, Is.True);
        foreach (float[] numbers in (float[][])[s, c])
        {
            numbers[3] = float.NaN;
            tables.Evaluate(s, c, u);
            Assert.That(tables.Finite, Is.False);
            numbers[3] = 0;
        }
    }

    private static float[] Narrow(double[] numbers) => [.. numbers.Select(n => (float)n)];

    // one state in a tile of three, whose other numbers are poison
    private sealed class Tables<T, TMath>(RolloutDefinition definition, HostArrays host)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T> where TMath : struct, IScalarMath<T>
    {
        private const int Rows = 3, Row = 1;
        private readonly ObservationTable<T> _h = ObservationTable<T>.Create(definition.Observation, definition.Coordinates, host);
        private readonly RewardTable<T> _r = RewardTable<T>.Create<TMath>(definition.Reward, host);

        public bool Finite { get; private set; }

        public (T[] X, T Reward, bool Ends) Evaluate(T[] s, T[] c, T[] u)
        {
            int observation = definition.Observation.Size;
            Column<T> state = Tile(s), constants = Tile(c), action = Tile(u);
            Column<T> frames = Tile(Poison(_h.Frames * BodyFrame<T>.Size)), x = Tile(Poison(observation));
            if (_h.Frames > 0) _h.Kinematics.Place<TMath>(state, frames);
            Finite = true;
            for (int i = 0; i < _h.Entries.IntLength; i++) Finite &= _h.Observe<TMath>(i, state, constants, frames, x);
            T reward = T.Zero;
            for (int i = 0; i < _r.Terms.IntLength; i++) reward += _r.Value<TMath>(i, x, observation, action);
            return ([.. Enumerable.Range(0, observation).Select(i => x[i])], reward, _r.Terminates(x));
        }

        private static T[] Poison(int count) => [.. Enumerable.Repeat(T.NaN, count)];

        private Column<T> Tile(T[] numbers)
        {
            T[] tile = Poison(Rows * numbers.Length);
            for (int i = 0; i < numbers.Length; i++) tile[Rows * i + Row] = numbers[i];
            return new Column<T>(host.Put<T>(tile), Row, Rows);
        }
    }
}
