using Naf.Host.Common;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Checks;

/// <summary>
/// Simulates a task with zero action, with one actuator at a time, and with all of them at their limits.
/// </summary>
internal sealed class ActionTrial
{
    private const int Starts = 3, PushSteps = 20, HeldEpisodes = 20;

    private readonly ControlTask _task;
    private readonly ulong _seed;

    /// <exception cref="UserException">The simulation diverges.</exception>
    public ActionTrial(ControlTask task, ulong seed)
    {
        (_task, _seed) = (task, seed);
        using var environment = new ControlEnvironment(task);
        try
        {
            Idle = Enumerable.Range(0, task.ActionSize).ToHashSet();
            for (int start = 0; start < Starts; start++) Push(environment, start);
            Hold(environment);
        }
        catch (SimulationException e)
        {
            throw new UserException($"actions that are held break the simulation: {e.Message}");
        }
    }

    /// <summary>Actuators without effect on the observation.</summary>
    public HashSet<int> Idle { get; }

    /// <summary>Largest |qvel| after the first control step with zero action.</summary>
    public double FirstSpeed { get; private set; }

    // same initial state with and without one actuator: the observations must differ, if only in the last bit
    private void Push(ControlEnvironment environment, int start)
    {
        double[] still = Observed(environment, start, new double[_task.ActionSize]);
        Idle.RemoveWhere(actuator =>
        {
            double[] push = new double[_task.ActionSize];
            push[actuator] = 1;
            return !Observed(environment, start, push).AsSpan().SequenceEqual(still);
        });
    }

    private double[] Observed(ControlEnvironment environment, int start, double[] action)
    {
        var seen = new List<double>();
        environment.Reset(_seed, RandomStream.TestReset, (ulong)start);
        bool still = action.All(u => u == 0);
        while (!environment.Done && environment.StepIndex < PushSteps)
        {
            environment.Step(action);
            seen.AddRange(environment.Observation);
            if (!still || environment.StepIndex > 1) continue;
            foreach (double speed in environment.Qvel) FirstSpeed = Math.Max(FirstSpeed, Math.Abs(speed));
        }
        return [.. seen];
    }

    private void Hold(ControlEnvironment environment)
    {
        double[] action = new double[_task.ActionSize];
        for (ulong episode = 0; episode < HeldEpisodes; episode++)
        {
            for (int i = 0; i < action.Length; i++)
                action[i] = Philox.Uniform(_seed, RandomStream.RandomPolicy, episode << 32, (uint)i) < 0.5 ? -1 : 1;
            environment.Reset(_seed, RandomStream.TestReset, episode);
            while (!environment.Done) environment.Step(action);
        }
    }
}
