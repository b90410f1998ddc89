using Naf.Gpu.Cpu;
using Naf.Host.Planning;
using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>
/// The model-based half of Algorithm 2 by itself on a built-in task: episodes by the last controller, a fit of the dynamics to them, a step of iLQG.
/// </summary>
internal sealed class PlannedLearning : IDisposable
{
    private readonly ControlTask _task;
    private readonly ControlEnvironment _environment;
    private readonly StateCoordinates _coordinates;
    private readonly StateCost _cost;
    private readonly DynamicsShape _shape;
    private readonly CpuDevice _device = new(1);
    private readonly GaussianFit _fit;
    private readonly IlqgSettings _settings;
    private readonly ulong _seed;
    private ulong _episode;

    public PlannedLearning(string task, int episodes, IlqgSettings settings, ulong seed)
    {
        _task = ControlTask.Load(task);
        _environment = new ControlEnvironment(_task);
        ObservationDefinition observation = _task.Definition.Observation;
        _coordinates = new StateCoordinates(observation.Tree);
        _cost = new StateCost(_coordinates, observation, _task.Reward, settings.Hessian);
        _shape = new DynamicsShape(_task.Horizon, _coordinates.Size, _task.ActionSize);
        _fit = new GaussianFit(_device, _shape, 1, episodes, new GaussianFitSettings());
        (_settings, _seed) = (settings, seed);
        _environment.Reset(seed, RandomStream.Reset, 0);
        _cost.Constants = _environment.Constants.ToArray();
        Planner = new IlqgPlanner(settings);
        Behaviour = LinearGaussianController.Constant(_shape.Horizon, _shape.State, new double[_shape.Action], 0.5);
    }

    public IlqgPlanner Planner { get; }

    /// <summary>The controller that acts.</summary>
    public LinearGaussianController Behaviour { get; private set; }

    /// <summary>The last step.</summary>
    public IlqgResult? Result { get; private set; }

    /// <summary>Plays the batch's episodes, fits and plans.</summary>
    /// <returns>The mean score of the episodes.</returns>
    public double Round()
    {
        var batch = new List<double[]>();
        var moments = new SampleMoments(_shape.Sample);
        var starts = new SampleMoments(_shape.State);
        double score = 0;
        for (int e = 0; e < _fit.MaxEpisodes; e++)
        {
            double[] samples = Play(_episode++, noise: true);
            score += _environment.Score / _fit.MaxEpisodes;
            batch.Add(samples);
            moments.Add(samples);
            starts.Add(samples.AsSpan(0, _shape.State));
            _fit.Store(0, e, samples);
        }
        _fit.Fit(GaussianPrior.Pooled([moments], strength: 1), moments.Scale());
        (double[] f, double[] offset, double[] n) = _fit.Model(0);
        var model = new TimeVaryingModel(_shape.Horizon, _shape.State, _shape.Action, f, offset, n);
        LinearGaussianController previous = ControllerFit.Fit(batch, _shape, _settings);
        Result = Planner.Step(model, starts.Mean.ToArray(), starts.Covariance(), _cost, previous, Planner.Controller == null ? null : -score);
        Behaviour = Planner.Controller ?? Behaviour;
        return score;
    }

    /// <summary>The mean score of the controller without its noise.</summary>
    public double Test(int episodes)
    {
        double score = 0;
        for (int e = 0; e < episodes; e++)
        {
            Play((ulong)e, noise: false);
            score += _environment.Score / episodes;
        }
        return score;
    }

    public void Dispose()
    {
        _fit.Dispose();
        _device.Dispose();
        _environment.Dispose();
        _task.Dispose();
    }

    private double[] Play(ulong episode, bool noise)
    {
        (int s, int a, int d) = (_shape.State, _shape.Action, _shape.Sample);
        double[] samples = new double[_shape.Horizon * d], normals = new double[a], state = new double[s], u = new double[a];
        _environment.Reset(_seed, noise ? RandomStream.Reset : RandomStream.TestReset, episode);
        for (int t = 0; t < _shape.Horizon; t++)
        {
            _coordinates.ToState(_environment.Qpos, _environment.Qvel, state.AsSpan());
            for (int i = 0; i < a && noise; i++) normals[i] = Philox.Normal(_seed, RandomStream.Plan, episode, (uint)(t * a + i));
            Behaviour.Sample(t, state, normals, u);
            for (int i = 0; i < a; i++) u[i] = Math.Clamp(u[i], -1, 1);
            _environment.Step(u);
            Span<double> z = samples.AsSpan(t * d, d);
            state.CopyTo(z);
            u.CopyTo(z[s..]);
            _coordinates.ToState(_environment.Qpos, _environment.Qvel, z[(s + a)..]);
        }
        return samples;
    }
}
