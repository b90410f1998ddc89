using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Cli.Benchmarks;

/// <summary>
/// Sixteen episodes with fixed random actions, stepped repeatedly by an environment and alternately by MuJoCo alone,
/// from the same starts with the same controls.
/// </summary>
internal sealed class PairedEpisodes : IDisposable
{
    private readonly ControlTask _task;
    private readonly ControlEnvironment _environment;
    private readonly MujocoData _data;
    private readonly ulong _seed;
    private readonly Episode[] _episodes = new Episode[16];
    private int _next;

    /// <summary>Draws the actions, and steps each episode once in both ways.</summary>
    /// <exception cref="InvalidOperationException">The two end in different states.</exception>
    public PairedEpisodes(ControlTask task, ulong seed)
    {
        (_task, _seed, _environment, _data) = (task, seed, new ControlEnvironment(task), new MujocoData(task.Model));
        try
        {
            double[] reference = new double[_data.StateSize];
            _data.SaveState(reference);
            for (int number = 0; number < _episodes.Length; number++) _episodes[number] = Compare(number, reference);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>FNV-1a over all rewards and observations.</summary>
    public ulong Checksum { get; private set; } = 14695981039346656037;

    /// <summary>Steps episodes for the given time.</summary>
    /// <returns>Time per control step, µs: of the environment, and of MuJoCo alone.</returns>
    public (double Microseconds, double MujocoMicroseconds) Time(double seconds)
    {
        var (environment, mujoco, steps) = (new Stopwatch(), new Stopwatch(), 0);
        do
        {
            _next = (_next + 1) % _episodes.Length;
            environment.Start();
            StepEnvironment(_next);
            environment.Stop();
            mujoco.Start();
            StepMujoco(_episodes[_next]);
            mujoco.Stop();
            steps += _episodes[_next].Controls.Length;
        }
        while ((environment.Elapsed + mujoco.Elapsed).TotalSeconds < seconds);
        return (environment.Elapsed.TotalMicroseconds / steps, mujoco.Elapsed.TotalMicroseconds / steps);
    }

    public void Dispose()
    {
        _environment.Dispose();
        _data.Dispose();
    }

    private Episode Compare(int number, double[] reference)
    {
        double[][] actions = [.. Enumerable.Range(0, _task.Horizon).Select(t => Draw(number, t))];
        _environment.Reset(_seed, RandomStream.TestReset, (ulong)number);
        _data.RestoreState(reference);
        _environment.Qpos.CopyTo(_data.Qpos);
        _environment.Qvel.CopyTo(_data.Qvel);
        double[] start = new double[_data.StateSize];
        _data.SaveState(start);
        while (!_environment.Done)
        {
            Add(_environment.Step(actions[_environment.StepIndex]).Reward);
            foreach (double x in _environment.Observation) Add(x);
        }

        // an episode may end early: MuJoCo alone takes as many steps
        var episode = new Episode(start, actions, [.. actions.Take(_environment.StepIndex).Select(Controls)]);
        StepMujoco(episode);
        if (!_environment.Qpos.SequenceEqual(_data.Qpos) || !_environment.Qvel.SequenceEqual(_data.Qvel))
            throw new InvalidOperationException(
                $"{_task.Name}: the environment and MuJoCo alone end episode {number} in different states");
        return episode;

        void Add(double value) => Checksum = (Checksum ^ BitConverter.DoubleToUInt64Bits(value)) * 1099511628211;
    }

    private void StepEnvironment(int number)
    {
        _environment.Reset(_seed, RandomStream.TestReset, (ulong)number);
        double[][] actions = _episodes[number].Actions;
        for (int t = 0; !_environment.Done; t++) _environment.Step(actions[t]);
    }

    private void StepMujoco(Episode episode)
    {
        _data.RestoreState(episode.Start);
        foreach (double[] controls in episode.Controls)
        {
            controls.CopyTo(_data.Ctrl);
            _data.Step(_task.Definition.Substeps);
        }
    }

    private double[] Draw(int episode, int t) => [.. Enumerable.Range(0, _task.ActionSize).Select(i =>
        2 * Philox.Uniform(_seed, RandomStream.RandomPolicy, ((ulong)episode << 32) | (uint)t, (uint)i) - 1)];

    private double[] Controls(double[] action)
    {
        double[] controls = new double[action.Length];
        _task.ToControls(action, controls);
        return controls;
    }

    // MuJoCo's start state; actions and controls are [step][action]
    private sealed record Episode(double[] Start, double[][] Actions, double[][] Controls);
}
