using System.Diagnostics;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Cli.Benchmarks;

/// <summary>Control steps per second, and what one takes: the environment's, and MuJoCo's part of it alone, µs.</summary>
internal readonly record struct StepTimes(double Rate, double Microseconds, double MujocoMicroseconds);

/// <summary>
/// Sixteen episodes under fixed random actions, walked again and again by an environment, and in turns by MuJoCo alone from the same starts with
/// the same controls.
/// </summary>
internal sealed class PairedWalk : IDisposable
{
    private const int Episodes = 16;
    private readonly ControlTask _task;
    private readonly ControlEnvironment _environment;
    private readonly MujocoData _data;
    private readonly ulong _seed;
    private readonly double[][][] _actions, _controls;     // [episode][step][action]
    private readonly double[][] _starts;
    private int _episode;

    /// <summary>Draws the actions, and walks each episode both ways once.</summary>
    /// <exception cref="InvalidOperationException">They end in different states.</exception>
    public PairedWalk(ControlTask task, ulong seed)
    {
        (_task, _seed, _environment, _data) = (task, seed, new ControlEnvironment(task), new MujocoData(task.Model));
        (_actions, _controls, _starts) = (new double[Episodes][][], new double[Episodes][][], new double[Episodes][]);
        Checksum = 14695981039346656037;
        try
        {
            double[] reference = new double[_data.StateSize];
            _data.SaveState(reference);
            for (int e = 0; e < Episodes; e++) WalkBoth(e, reference);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>FNV-1a over all rewards and observations.</summary>
    public ulong Checksum { get; private set; }

    /// <summary>Walks episodes for a while.</summary>
    public StepTimes Time(double seconds)
    {
        long begin = Stopwatch.GetTimestamp(), environment = 0, simulator = 0, steps = 0;
        do
        {
            _episode = (_episode + 1) % Episodes;
            long start = Stopwatch.GetTimestamp();
            Walk(_episode);
            long middle = Stopwatch.GetTimestamp();
            Simulate(_episode);
            environment += middle - start;
            simulator += Stopwatch.GetTimestamp() - middle;
            steps += _controls[_episode].Length;
        }
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds);
        double tick = 1e6 / Stopwatch.Frequency;
        return new StepTimes(steps * 1e6 / (environment * tick), environment * tick / steps, simulator * tick / steps);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _environment.Dispose();
        _data.Dispose();
    }

    private void WalkBoth(int episode, double[] reference)
    {
        _actions[episode] = Draw(episode);
        _environment.Reset(_seed, RandomStream.TestReset, (ulong)episode);
        _data.RestoreState(reference);
        _environment.Qpos.CopyTo(_data.Qpos);
        _environment.Qvel.CopyTo(_data.Qvel);
        _data.SaveState(_starts[episode] = new double[_data.StateSize]);
        while (!_environment.Done)
        {
            Add(_environment.Step(_actions[episode][_environment.StepIndex]).Reward);
            foreach (double x in _environment.Observation) Add(x);
        }

        // an episode may end early: MuJoCo alone goes as far
        _controls[episode] = [.. _actions[episode].Take(_environment.StepIndex).Select(Controls)];
        Simulate(episode);
        if (!_environment.Qpos.SequenceEqual(_data.Qpos) || !_environment.Qvel.SequenceEqual(_data.Qvel))
            throw new InvalidOperationException($"{_task.Name}: the environment and MuJoCo alone end episode {episode} in different states");
    }

    private void Walk(int episode)
    {
        _environment.Reset(_seed, RandomStream.TestReset, (ulong)episode);
        for (int t = 0; !_environment.Done; t++) _environment.Step(_actions[episode][t]);
    }

    private void Simulate(int episode)
    {
        _data.RestoreState(_starts[episode]);
        foreach (double[] controls in _controls[episode])
        {
            controls.CopyTo(_data.Ctrl);
            _data.Step(_task.Definition.Substeps);
        }
    }

    private double[][] Draw(int episode) =>
    [
        .. Enumerable.Range(0, _task.Horizon).Select(t => Enumerable.Range(0, _task.ActionSize).Select(i =>
            2 * Philox.Uniform(_seed, RandomStream.RandomPolicy, ((ulong)episode << 32) | (uint)t, (uint)i) - 1).ToArray()),
    ];

    private double[] Controls(double[] action)
    {
        double[] controls = new double[action.Length];
        _task.ToControls(action, controls);
        return controls;
    }

    private void Add(double value) => Checksum = (Checksum ^ BitConverter.DoubleToUInt64Bits(value)) * 1099511628211;
}
