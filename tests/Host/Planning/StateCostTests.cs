using Naf.Host.Planning;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;
using Naf.Sim.Tasks;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>C(s, u) of every built-in task against the simulator's reward, and its expansion against differences of C and of h.</summary>
public sealed class StateCostTests
{
    private static IEnumerable<string> Tasks => TaskLibrary.Names;

    [TestCaseSource(nameof(Tasks))]
    public void The_cost_of_a_step_is_minus_its_reward(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        environment.Reset(7, RandomStream.TestReset, 2);
        var sample = new Sample(task, environment);
        double reward = environment.Step(sample.U).Reward;
        Assert.That(sample.Cost.Value(sample.S, sample.U), Is.EqualTo(-reward).Within(Tolerances.ByHand));
    }

    [TestCaseSource(nameof(Tasks))]
    public void The_gradient_matches_central_differences(string name) => ForSamples(name, sample =>
    {
        (double value, double[] gradient, _) = sample.Expand(HessianForm.PositiveSemidefinite);
        Assert.That(value, Is.EqualTo(sample.Cost.Value(sample.S, sample.U)));
        for (int i = 0; i < gradient.Length; i++)
        {
            double difference = sample.Difference(i, (s, u) => sample.Cost.Value(s, u));
            Assert.That(gradient[i], Is.EqualTo(difference).Within(Tolerances.FiniteDifference * (1 + Math.Abs(difference))), $"entry {i}");
        }
    });

    [TestCaseSource(nameof(Tasks))]
    public void The_hessian_is_that_of_the_reward_through_differences_of_the_observation(string name) => ForSamples(name, sample =>
    {
        foreach (HessianForm form in new[] { HessianForm.PositiveSemidefinite, HessianForm.Majorised })
        {
            double[] hessian = sample.Expand(form).Hessian, expected = sample.HessianByDifferences(form);
            double size = expected.Max(Math.Abs);
            Assert.That(hessian, Is.EqualTo(expected).Within(Tolerances.FiniteDifference * (1 + size)), $"{form}");
        }
    });

    [TestCaseSource(nameof(Tasks))]
    public void The_hessian_is_symmetric_and_has_no_negative_eigenvalue(string name) => ForSamples(name, sample =>
    {
        foreach (HessianForm form in new[] { HessianForm.PositiveSemidefinite, HessianForm.Majorised })
        {
            double[] hessian = sample.Expand(form).Hessian;
            int n = sample.Size;
            for (int i = 0; i < n; i++)
                for (int j = 0; j < i; j++) Assert.That(hessian[i * n + j], Is.EqualTo(hessian[j * n + i]));
            Assert.That(Eigenvalues.Least(hessian, n), Is.GreaterThanOrEqualTo(-Tolerances.ByHand * (1 + hessian.Max(Math.Abs))), $"{form}");
        }
    });

    [TestCase(1.3, -0.8, 1.9)]
    [TestCase(0.004, 0.003, -0.006)]
    [TestCase(0, 0, 0)]
    public void A_free_joint_may_be_turned_as_far_as_it_will(double x, double y, double z)
    {
        using ControlTask task = ControlTask.Load("ant");
        using var environment = new ControlEnvironment(task);
        environment.Reset(7, RandomStream.TestReset, 0);
        // a reward of the torso's axes, which turn with the rotation vector
        var reward = new RewardDefinition(task.ObservationSize, task.ActionSize,
            [new(RewardKind.SmoothNorm, -1, 0.3, 0, [1, 2, 3, 4, 5, 6], [0.1, -0.2, 0.3, 0.4, 0.5, -0.6], [1, 2, 3, 1.5, 0.5, 1])], []);
        var sample = new Sample(task, environment, reward);
        (sample.S[3], sample.S[4], sample.S[5]) = (x, y, z);
        (_, double[] gradient, double[] hessian) = sample.Expand(HessianForm.PositiveSemidefinite);
        double[] difference = [.. gradient.Select((_, i) => sample.Difference(i, (s, u) => sample.Cost.Value(s, u)))];
        Assert.That(gradient, Is.EqualTo(difference).Within(Tolerances.FiniteDifference));
        Assert.That(gradient[3..6], Is.All.Not.EqualTo(0));
        Assert.That(hessian, Is.EqualTo(sample.HessianByDifferences(HessianForm.PositiveSemidefinite)).Within(Tolerances.FiniteDifference));
    }

    [Test]
    public void Nothing_is_allocated_after_the_constructor()
    {
        using ControlTask task = ControlTask.Load("ant");
        using var environment = new ControlEnvironment(task);
        environment.Reset(1, RandomStream.TestReset, 0);
        var sample = new Sample(task, environment);
        double[] gradient = new double[sample.Size], hessian = new double[sample.Size * sample.Size];
        for (int i = 0; i < 3; i++) sample.Cost.Expand(sample.S, sample.U, gradient, hessian);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++) sample.Cost.Expand(sample.S, sample.U, gradient, hessian);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Parts_that_do_not_belong_together_are_refused()
    {
        using ControlTask reacher = ControlTask.Load("reacher"), cheetah = ControlTask.Load("cheetah");
        var coordinates = new StateCoordinates(reacher.Definition.Observation.Tree);
        ObservationDefinition observation = reacher.Definition.Observation;
        Assert.That(() => new StateCost(coordinates, observation, cheetah.Reward, HessianForm.Majorised),
            Throws.ArgumentException.With.Message.Contains("17 observations"));
        Assert.That(() => new StateCost(coordinates, cheetah.Definition.Observation, cheetah.Reward, HessianForm.Majorised),
            Throws.ArgumentException.With.Message.Contains("take them of one model"));
        Assert.That(() => new StateCost(coordinates, observation, reacher.Reward, HessianForm.Exact),
            Throws.ArgumentException.With.Message.Contains("indefinite"));
        var cost = new StateCost(coordinates, observation, reacher.Reward, HessianForm.Majorised);
        Assert.That(() => cost.Constants = [1, 2, 3], Throws.ArgumentException.With.Message.Contains("3 constants given, and the task has 2"));
    }

    private static void ForSamples(string name, Action<Sample> check)
    {
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        double[] u = new double[task.ActionSize];
        for (ulong episode = 0; episode < 3; episode++)
        {
            environment.Reset(7, RandomStream.TestReset, episode);

            // some steps into the episode, where everything turns
            for (int t = 0; t < 12 && !environment.Done; t++)
            {
                for (int i = 0; i < u.Length; i++) u[i] = 2 * Philox.Uniform(7, RandomStream.RandomPolicy, (ulong)t, (uint)i) - 1;
                environment.Step(u);
            }
            check(new Sample(task, environment));
        }
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
            _task = task;
            _reward = reward ?? task.Reward;
            _coordinates = new StateCoordinates(task.Definition.Observation.Tree);
            _constants = environment.Constants.ToArray();
            S = new double[_coordinates.Size];
            _coordinates.ToState(environment.Qpos, environment.Qvel, S.AsSpan());
            U = [.. Enumerable.Range(0, task.ActionSize).Select(i => 0.9 * Math.Cos(1 + i))];
            Cost = Of(HessianForm.PositiveSemidefinite);
        }

        public double[] S { get; }

        public double[] U { get; }

        public StateCost Cost { get; }

        public int Size => S.Length + U.Length;

        public (double Value, double[] Gradient, double[] Hessian) Expand(HessianForm form)
        {
            double[] gradient = new double[Size], hessian = new double[Size * Size];
            Array.Fill(gradient, double.NaN);
            Array.Fill(hessian, double.NaN);
            double value = Of(form).Expand(S, U, gradient, hessian);
            return (value, gradient, hessian);
        }

        public double Difference(int i, Func<double[], double[], double> f)
        {
            double At(double shift)
            {
                double[] s = [.. S], u = [.. U];
                if (i < s.Length) s[i] += shift;
                else u[i - s.Length] += shift;
                return f(s, u);
            }
            return (At(Step) - At(-Step)) / (2 * Step);
        }

        /// <summary>JᵀHJ with J = ∂z/∂[s; u] by central differences, z = [h(s); u].</summary>
        public double[] HessianByDifferences(HessianForm form)
        {
            int z = _task.ObservationSize + U.Length, n = Size;
            double[] j = new double[z * n], h = new double[z * z], result = new double[n * n];
            for (int d = 0; d < n; d++)
                for (int i = 0; i < z; i++) j[i * n + d] = Difference(d, (s, u) => Observe(s, u)[i]);
            double[] x = Observe(S, U);
            new RewardFunction<double>(_reward).CostHessian(x.AsSpan(0, _task.ObservationSize), U, form, h);
            for (int a = 0; a < n; a++)
                for (int b = 0; b < n; b++)
                    for (int i = 0; i < z; i++)
                        for (int k = 0; k < z; k++) result[a * n + b] += j[i * n + a] * h[i * z + k] * j[k * n + b];
            return result;
        }

        private double[] Observe(double[] s, double[] u)
        {
            double[] qpos = new double[_task.Model.Nq], qvel = new double[_task.Model.Nv], x = new double[_task.ObservationSize];
            _coordinates.FromState<double>(s, qpos, qvel);
            new ObservationFunction<double>(_task.Definition.Observation).Evaluate(qpos, qvel, _constants, x);
            return [.. x, .. u];
        }

        private StateCost Of(HessianForm form) =>
            new(_coordinates, _task.Definition.Observation, _reward, form) { Constants = _constants };
    }
}
