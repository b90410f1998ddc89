using Naf.Host.Imagination;
using Naf.Host.Planning;
using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Gaussian;
using Naf.Kernels.LinearAlgebra;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Host.Agents;

/// <summary>
/// Episodes by iLQG under the fitted dynamics (paper, Algorithm 2 and appendix 8.1), with a linear-Gaussian controller
/// for each Gaussian of the initial states. Each fit of the dynamics improves the controllers by one step: first from
/// the policy's episodes, then from those of the previous controller. If a step fails, the last good controller is
/// kept, with a warning.
/// </summary>
/// <param name="dynamics">The learner's dynamics; must outlive this object.</param>
/// <param name="starts">Gaussians of the initial states.</param>
internal sealed class IlqgEpisodes(
    DynamicsSpace space, BatchDynamics dynamics, int starts, IlqgSettings settings, ulong seed) : IEpisodePlanner
{
    private readonly StateCost _cost = new(space.Coordinates, space.Observation, space.Reward, settings.Hessian);
    private readonly IlqgPlanner[] _planners = [.. Enumerable.Range(0, starts).Select(_ => new IlqgPlanner(settings))];
    private readonly double[] _s = new double[space.Size], _normals = new double[space.Action];
    private int _chosen, _episode;

    public bool Ready => _planners.Any(p => p.Controller is not null);

    public void Begin(IControlEnvironment environment, ulong seed, ulong episode)
    {
        space.StateOf(environment, _s);
        _episode = (int)episode;
        _chosen = dynamics.StartOf(_s, environment.Constants);
        if (_planners[_chosen].Controller is null) _chosen = Array.FindIndex(_planners, p => p.Controller is not null);
    }

    public void Act(IControlEnvironment environment, Span<double> u)
    {
        // u ~ N(K s + k, Σ)
        space.StateOf(environment, _s);
        ulong number = ((ulong)_episode << 24) | (uint)environment.StepIndex;
        for (int i = 0; i < _normals.Length; i++)
            _normals[i] = Philox.Normal(seed, RandomStream.Plan, number, (uint)i + 1);
        _planners[_chosen].Controller!.Sample(environment.StepIndex, _s, _normals, u);
        if (!Matrix.IsFinite(u))
            throw new NotFiniteNumberException(
                "the planned action is not a finite number: the state is far from the plan's");
        foreach (ref double entry in u) entry = Math.Clamp(entry, -1, 1);
    }

    /// <summary>Improves the controllers after a fit of the dynamics; B_old is the batch that was fitted.</summary>
    /// <param name="warn">Receives a sentence for each controller that could not be improved.</param>
    public void Improve(EpisodeMemory memory, Action<string> warn)
    {
        EpisodeRecord[] old = [.. Enumerable.Range(0, memory.OldCount).Select(memory.Old)];
        for (int c = 0; c < _planners.Length; c++)
        {
            bool own = _planners[c].Controller is not null;
            EpisodeRecord[] episodes =
                [.. old.Where(e => e.Planned == own && dynamics.StartOf(e.State(0), e.Constants) == c)];
            if (episodes.Length == 0) continue;
            if (Step(_planners[c], dynamics.Model(dynamics.ModelOf(c, own)), episodes).Reason is { } reason)
                warn($"iLQG: {reason}; {(own ? "the last good controller stays" : "there is no controller yet")}");
        }
    }

    public void Serialise(CheckpointScope scope)
    {
        (_chosen, _episode) = (scope.Value("chosen", _chosen), scope.Value("episode", _episode));
        for (int c = 0; c < _planners.Length; c++) _planners[c].Serialise(scope.Scope($"start.{c}"));
    }

    private IlqgResult Step(IlqgPlanner planner, TimeVaryingModel model, EpisodeRecord[] episodes)
    {
        // distribution of the initial states, and mean constants of the reward
        var starts = new SampleMoments(space.Size);
        foreach (EpisodeRecord e in episodes) starts.Add(e.State(0));
        Array.Clear(_cost.Constants);
        foreach (EpisodeRecord e in episodes)
            for (int i = 0; i < _cost.Constants.Length; i++) _cost.Constants[i] += e.Constants[i] / episodes.Length;

        // the controller that generated the data: the planner's own, or one fitted to u given s
        LinearGaussianController previous = planner.Controller is { } own && episodes.Length > 1
            ? own
            : ControllerFit.Fit([.. episodes.Select(e => e.Samples())], dynamics.Shape, settings);
        double? cost = planner.Controller is null ? null : -episodes.Average(e => e.Score);
        return planner.Step(model, starts.Mean.ToArray(), starts.Covariance(), _cost.Expand, previous, cost);
    }
}
