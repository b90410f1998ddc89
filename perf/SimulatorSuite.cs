using BenchmarkDotNet.Attributes;
using Naf.Kernels;
using Naf.Sim;

namespace Naf.Perf;

/// <summary>
/// A control step of each built-in task: the environment's, with observation, reward and measures, and MuJoCo's part of it alone.
/// Times are of one control step, in an episode of 150 with the same random actions.
/// </summary>
public class SimulatorSuite
{
    private const int Steps = 150;

    private ControlTask _task = null!;
    private ControlEnvironment _environment = null!;
    private MujocoData _data = null!;
    private double[][] _actions = null!;
    private double[] _start = null!;

    /// <summary>The built-in tasks.</summary>
    public static IEnumerable<string> Tasks => TaskLibrary.Names;

    /// <summary>The task.</summary>
    [ParamsSource(nameof(Tasks))]
    public string Task { get; set; } = "";

    /// <summary>Holds the environment's last state against that of MuJoCo alone, bitwise, and so warms both up.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _task = ControlTask.Load(Task);
        (_environment, _data) = (new ControlEnvironment(_task), new MujocoData(_task.Model));
        _actions = [.. Enumerable.Range(0, Steps).Select(Action)];

        // both begin where the environment's first episode does
        _environment.Reset(1, RandomStream.Reset, 0);
        _environment.Qpos.CopyTo(_data.Qpos);
        _environment.Qvel.CopyTo(_data.Qvel);
        _start = new double[_data.StateSize];
        _data.SaveState(_start);

        EnvironmentStep();
        SimulatorStep();
        if (!_environment.Qpos.SequenceEqual(_data.Qpos) || !_environment.Qvel.SequenceEqual(_data.Qvel))
            throw new InvalidOperationException($"{Task}: the environment and MuJoCo alone end in different states");
    }

    /// <summary>Reset, then 150 × (act, mj_step, observe, reward, measures).</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public double EnvironmentStep()
    {
        _environment.Reset(1, RandomStream.Reset, 0);
        foreach (double[] u in _actions) _environment.Step(u);
        return _environment.Score;
    }

    /// <summary>Restore, then 150 × mj_step, as often as a control step does.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Steps)]
    public double SimulatorStep()
    {
        _data.RestoreState(_start);
        foreach (double[] u in _actions)
        {
            u.CopyTo(_data.Ctrl);     // the built-in tasks' controls span [−1, 1], as actions do
            _data.Step(_task.Definition.Substeps);
        }
        return _data.Time;
    }

    /// <summary>Frees the simulations.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _environment.Dispose();
        _data.Dispose();
        _task.Dispose();
    }

    private double[] Action(int step) =>
        [.. Enumerable.Range(0, _task.ActionSize).Select(j => 2 * Philox.Uniform(1, RandomStream.Exploration, (ulong)step, (uint)j) - 1)];
}
