using Naf.Host.Planning;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>
/// C(s, u) of every built-in task, and of one on a ball joint, against the simulator's reward, and its expansion
/// against finite differences of C and h.
/// </summary>
internal sealed class StateCostTests
{
    private static IEnumerable<string> Tasks => [.. TaskLibrary.Names, "rod"];

    [TestCaseSource(nameof(Tasks))]
    public void The_cost_of_a_step_is_minus_its_reward(string name)
    {
        using ControlTask task = ContractTasks.Load(name);
        using var environment = new ControlEnvironment(task);
        environment.Reset(7, RandomStream.TestReset, 2);
        var sample = new Sample(task, environment);
        double reward = environment.Step(sample.U).Reward;
        double cost = sample.Expand(HessianForm.PositiveSemidefinite).Value;
        Assert.That(cost, Is.EqualTo(-reward).Within(Tolerances.ByHand));
    }

    [TestCaseSource(nameof(Tasks))]
    public void The_expansion_matches_differences_of_cost_and_observation_and_has_no_negative_eigenvalue(string name)
    {
        using ControlTask task = ContractTasks.Load(name);
        using var environment = new ControlEnvironment(task);
        double[] u = new double[task.ActionSize];
        for (ulong episode = 0; episode < 3; episode++)
        {
            environment.Reset(7, RandomStream.TestReset, episode);

            // some steps into the episode, where everything rotates
            for (int t = 0; t < 12 && !environment.Done; t++)
            {
                for (int i = 0; i < u.Length; i++)
                    u[i] = 2 * Philox.Uniform(7, RandomStream.RandomPolicy, (ulong)t, (uint)i) - 1;
                environment.Step(u);
            }
            var sample = new Sample(task, environment);
            foreach (HessianForm form in new[] { HessianForm.PositiveSemidefinite, HessianForm.Majorised })
            {
                (_, double[] gradient, double[] hessian) = sample.Expand(form);
                double[] slopes = sample.GradientByDifferences(), expected = sample.HessianByDifferences(form);
                int n = gradient.Length;
                for (int i = 0; i < n; i++)
                {
                    double error = Tolerances.FiniteDifference * (1 + Math.Abs(slopes[i]));
                    Assert.That(gradient[i], Is.EqualTo(slopes[i]).Within(error), $"entry {i}");
                    for (int j = 0; j < i; j++)
                        Assert.That(hessian[i * n + j], Is.EqualTo(hessian[j * n + i]).Within(1e-15));
                }
                double tolerance = Tolerances.FiniteDifference * (1 + expected.Max(Math.Abs));
                Assert.That(hessian, Is.EqualTo(expected).Within(tolerance), $"{form}");
                double least = -Tolerances.ByHand * (1 + hessian.Max(Math.Abs));
                Assert.That(Eigenvalues.Least(hessian, n), Is.GreaterThanOrEqualTo(least), $"{form}");
            }
        }
    }

    [TestCase(1.3, -0.8, 1.9)]
    [TestCase(0.004, 0.003, -0.006)]
    [TestCase(0, 0, 0)]
    public void A_ball_joint_may_be_turned_as_far_as_it_will(double x, double y, double z)
    {
        using ControlTask task = ContractTasks.Load("rod");
        using var environment = new ControlEnvironment(task);
        environment.Reset(7, RandomStream.TestReset, 0);
        var sample = new Sample(task, environment, new RewardDefinition(task.ObservationSize, task.ActionSize,
            [new(RewardKind.SmoothNorm, -1, 0.3, 0, [0, 1, 2, 3, 7, 8], [0.1, -0.2, 0.3, 0.4, 0.5, -0.6],
                [1, 2, 3, 1.5, 0.5, 1])], []));
        (sample.S[0], sample.S[1], sample.S[2]) = (x, y, z);
        (_, double[] gradient, double[] hessian) = sample.Expand(HessianForm.PositiveSemidefinite);
        Assert.That(gradient, Is.EqualTo(sample.GradientByDifferences()).Within(Tolerances.FiniteDifference));
        Assert.That(gradient[..3], Is.All.Not.EqualTo(0));
        Assert.That(hessian, Is.EqualTo(sample.HessianByDifferences(HessianForm.PositiveSemidefinite))
            .Within(Tolerances.FiniteDifference));
    }

    [TestCase(1.3, -0.8, 1.9)]
    [TestCase(0.004, 0.003, -0.006)]
    [TestCase(0, 0, 0)]
    public void A_free_joint_may_be_turned_as_far_as_it_will(double x, double y, double z)
    {
        using ControlTask task = ControlTask.Load("ant");
        using var environment = new ControlEnvironment(task);
        environment.Reset(7, RandomStream.TestReset, 0);
        // a reward on the torso's axes, which rotate with the rotation vector
        var reward = new RewardDefinition(task.ObservationSize, task.ActionSize,
            [new(RewardKind.SmoothNorm, -1, 0.3, 0, [1, 2, 3, 4, 5, 6], [0.1, -0.2, 0.3, 0.4, 0.5, -0.6],
                [1, 2, 3, 1.5, 0.5, 1])], []);
        var sample = new Sample(task, environment, reward);
        (sample.S[3], sample.S[4], sample.S[5]) = (x, y, z);
        (_, double[] gradient, double[] hessian) = sample.Expand(HessianForm.PositiveSemidefinite);
        Assert.That(gradient, Is.EqualTo(sample.GradientByDifferences()).Within(Tolerances.FiniteDifference));
        Assert.That(gradient[3..6], Is.All.Not.EqualTo(0));
        Assert.That(hessian, Is.EqualTo(sample.HessianByDifferences(HessianForm.PositiveSemidefinite))
            .Within(Tolerances.FiniteDifference));
    }

    [Test]
    public void Nothing_is_allocated_after_the_constructor()
    {
        using ControlTask task = ControlTask.Load("ant");
        using var environment = new ControlEnvironment(task);
        environment.Reset(1, RandomStream.TestReset, 0);
        var sample = new Sample(task, environment);
        StateCost cost = sample.Cost(HessianForm.PositiveSemidefinite);
        (_, double[] gradient, double[] hessian) = sample.Expand(HessianForm.PositiveSemidefinite);
        for (int i = 0; i < 3; i++) cost.Expand(sample.S, sample.U, gradient, hessian);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++) cost.Expand(sample.S, sample.U, gradient, hessian);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void An_indefinite_Hessian_is_refused()
    {
        using ControlTask task = ControlTask.Load("reacher");
        ObservationDefinition observation = task.Definition.Observation;
        Assert.That(
            () => new StateCost(new StateCoordinates(observation.Tree), observation, task.Reward, HessianForm.Exact),
            Throws.ArgumentException.With.Message.Contains("indefinite"));
    }

    private sealed class Sample
    {
        private const double Step = 1e-6;
        private readonly ControlTask _task;
        private readonly RewardDefinition _reward;
        private readonly StateCoordinates _coordinates;
        private readonly double[] _constants;

        public Sample(ControlTask task, ControlEnvironment environment, RewardDefinition? reward = null)
        {
            (_task, _reward, _constants) = (task, reward ?? task.Reward, environment.Constants.ToArray());
            _coordinates = new StateCoordinates(task.Definition.Observation.Tree);
            S = new double[_coordinates.Size];
            _coordinates.ToState(environment.Qpos, environment.Qvel, S.AsSpan());
            U = [.. Enumerable.Range(0, task.ActionSize).Select(i => 0.9 * Math.Cos(1 + i))];
        }

        public double[] S { get; }

        public double[] U { get; }

        private int Size => S.Length + U.Length;

        public StateCost Cost(HessianForm form)
        {
            var cost = new StateCost(_coordinates, _task.Definition.Observation, _reward, form);
            _constants.CopyTo(cost.Constants);
            return cost;
        }

        public (double Value, double[] Gradient, double[] Hessian) Expand(HessianForm form)
        {
            double[] gradient = new double[Size], hessian = new double[Size * Size];
            Array.Fill(gradient, double.NaN);
            Array.Fill(hessian, double.NaN);
            double value = Cost(form).Expand(S, U, gradient, hessian);
            return (value, gradient, hessian);
        }

        public double[] GradientByDifferences()
        {
            StateCost cost = Cost(HessianForm.PositiveSemidefinite);
            double[] scratch = new double[Size * Size];
            return [.. Enumerable.Range(0, Size).SelectMany(i => Difference(i, Value))];

            double[] Value(double[] s, double[] u) => [cost.Expand(s, u, scratch, scratch)];
        }

        /// <summary>JᵀHJ with J = ∂z/∂[s; u] by central differences, z = [h(s); u].</summary>
        public double[] HessianByDifferences(HessianForm form)
        {
            int z = _task.ObservationSize + U.Length, n = Size;
            double[] h = new double[z * z], result = new double[n * n];
            double[][] j = [.. Enumerable.Range(0, n).Select(d => Difference(d, Observe))];
            new RewardFunction<double>(_reward).CostHessian(Observe(S, U).AsSpan(0, _task.ObservationSize), U, form, h);
            for (int a = 0; a < n; a++)
                for (int b = 0; b < n; b++)
                    for (int i = 0; i < z; i++)
                        for (int k = 0; k < z; k++) result[a * n + b] += j[a][i] * h[i * z + k] * j[b][k];
            return result;
        }

        // ∂f/∂[s; u]_i
        private double[] Difference(int i, Func<double[], double[], double[]> f)
        {
            return [.. At(Step).Zip(At(-Step), (high, low) => (high - low) / (2 * Step))];

            double[] At(double shift)
            {
                double[] z = [.. S, .. U];
                z[i] += shift;
                return f(z[..S.Length], z[S.Length..]);
            }
        }

        private double[] Observe(double[] s, double[] u)
        {
            double[] qpos = new double[_task.Model.Nq], qvel = new double[_task.Model.Nv],
                x = new double[_task.ObservationSize];
            _coordinates.FromState<double>(s, qpos, qvel);
            new ObservationFunction<double>(_task.Definition.Observation).Evaluate(qpos, qvel, _constants, x);
            return [.. x, .. u];
        }
    }
}
