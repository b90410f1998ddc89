using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Checks;

/// <summary>
/// Simulates a task with zero action, with one actuator at a time, and with all of them at their limits.
/// </summary>
internal sealed class ActionTrial
{
    /// <summary>Control steps for which one actuator is pushed.</summary>
    public const int PushSteps = 100;

    /// <summary>Of an action on a network's input; less is next to nothing.</summary>
    public const double SmallEffect = 1e-3;

    private const int Starts = 3, HeldEpisodes = 20;

    private readonly ControlTask _task;
    private readonly ulong _seed;
    private int _pushed;

    public ActionTrial(ControlTask task, ulong seed)
    {
        (_task, _seed, Effects) = (task, seed, new double[task.ActionSize]);
        using var environment = new ControlEnvironment(task);
        try
        {
            for (int start = 0; start < Starts; start++) Push(environment, start);
            Hold(environment);
        }
        catch (SimulationException e)
        {
            Failure = e.Message;
        }
        // an actuator that was not tried may have any effect
        if (_pushed == 0) Array.Fill(Effects, double.PositiveInfinity);
    }

    /// <summary>Why the simulation broke down; null if it did not.</summary>
    public string? Failure { get; }

    /// <summary>
    /// [actions], the largest change of a network's input that each actuator makes at its limit; 0: none, to the last
    /// bit.
    /// </summary>
    public double[] Effects { get; }

    /// <summary>Largest |qvel| after the first control step with zero action.</summary>
    public double FirstSpeed { get; private set; }

    // same initial state with and without one actuator
    private void Push(ControlEnvironment environment, int start)
    {
        double[] still = Observed(environment, start, new double[_task.ActionSize]);
        float[] scale = [.. _task.InputScale];
        for (int actuator = 0; actuator < Effects.Length; actuator++)
        {
            AddEffect(actuator, 1);
            // a joint that starts at its limit moves to the other side only
            if (Effects[actuator] < SmallEffect) AddEffect(actuator, -1);
        }
        _pushed++;

        void AddEffect(int actuator, double end)
        {
            double[] push = new double[_task.ActionSize];
            push[actuator] = end;
            double[] pushed = Observed(environment, start, push);
            // an episode that ends elsewhere is an effect too
            if (pushed.Length != still.Length) Effects[actuator] = double.PositiveInfinity;
            for (int i = 0; i < Math.Min(pushed.Length, still.Length); i++)
                Effects[actuator] =
                    Math.Max(Effects[actuator], Math.Abs(pushed[i] - still[i]) * scale[i % scale.Length]);
        }
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
