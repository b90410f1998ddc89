using Naf.Gpu.Accelerators;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Kernels.Rollout;
using Naf.Kernels.Scalar;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>h and r from the kernels' tables against the simulator's and planner's functions, in double.</summary>
internal sealed class RolloutTableTests
{
    private static IEnumerable<string> Tasks => ["everything", .. TaskLibrary.Names];

    [TestCaseSource(nameof(Tasks))]
    public void Observations_and_rewards_are_those_of_the_functions(string task)
    {
        RolloutDefinition definition = task == "everything" ? RolloutTasks.Everything() : RolloutTasks.BuiltIn(task);
        var h = new ObservationFunction<double>(definition.Observation);
        var r = new RewardFunction<double>(definition.Reward);
        KinematicTree tree = definition.Observation.Tree;
        using var host = new HostArrays();
        ObservationTable<double> observation =
            ObservationTable<double>.Create(definition.Observation, definition.Coordinates, host);
        RewardTable<double> reward = RewardTable<double>.Create<DoubleMath>(definition.Reward, host);
        double[] s = new double[2 * tree.Nv], x = new double[h.Definition.Size];
        double[] back = new double[tree.Nq], velocity = new double[tree.Nv];
        for (ulong draw = 0; draw < 31; draw++)
        {
            (double[] qpos, double[] qvel, double[] c) = SampleTrees.State(tree,
                definition.Observation.ConstantSize, draw);
            double[] u = [.. Enumerable.Range(0, definition.Dynamics.Action)
                .Select(i => Philox.Normal(5, RandomStream.TestReset, draw, (uint)i))];
            definition.Coordinates.ToState(qpos, qvel, s);
            definition.Coordinates.FromState<double>(s, back, velocity);
            h.Evaluate(back, velocity, c, x);

            Column<double> state = Put(s), constants = Put(c), action = Put(u);
            Column<double> frames = Poison(observation.Frames * BodyFrame<double>.Size), actual = Poison(x.Length);
            if (observation.Frames > 0) observation.Kinematics.ComputeFrames<DoubleMath>(state, frames);
            for (int i = 0; i < observation.Entries.IntLength; i++)
                Assert.That(observation.Observe<DoubleMath>(i, state, constants, frames, actual), Is.True);
            Assert.That(x.Select((_, i) => actual[i]), Is.EqualTo(x).Within(Tolerances.ByHand), $"draw {draw}");
            double expected = r.Value(x, u), tolerance = Tolerances.ByHand * (1 + Math.Abs(expected));
            double value = Enumerable.Range(0, reward.Terms.IntLength)
                .Sum(i => reward.Value<DoubleMath>(i, actual, x.Length, action));
            Assert.That(value, Is.EqualTo(expected).Within(tolerance), $"draw {draw}");
            Assert.That(reward.Terminates(actual), Is.EqualTo(r.Terminates(x)), $"draw {draw}");
        }

        Column<double> Poison(int count) => Put([.. Enumerable.Repeat(double.NaN, count)]);

        Column<double> Put(double[] numbers) => new(host.Put<double>(numbers), 0, 1);
    }
}
