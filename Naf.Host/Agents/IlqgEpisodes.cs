using Naf.Host.Imagination;
using Naf.Host.Planning;
using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Host.Agents;

/// <summary>
/// Episodes by iLQG under the fitted dynamics (paper, Algorithm 2 and appendix 8.1): a linear-Gaussian controller for each Gaussian of the initial
/// states, improved by one step whenever the dynamics are fitted anew: the first from the policy's episodes, then each from those of the one before.
/// Where that fails the last good controller stays, with a warning.
/// </summary>
internal sealed class IlqgEpisodes : IEpisodePlanner
{
    private readonly DynamicsSpace _space;
    private readonly FittedDynamics _dynamics;
    private readonly StateCost _cost;
    private readonly IlqgSettings _settings;
    private readonly IlqgPlanner[] _planners;
    private readonly ulong _seed;
    private readonly double[] _s, _normals, _u;
    private int _chosen, _episode;

    /// <param name="dynamics">The learner's; they must outlive this.</param>
    /// <param name="starts">Gaussians of the initial states.</param>
    /// <param name="seed">The learner's seed.</param>
    public IlqgEpisodes(DynamicsSpace space, FittedDynamics dynamics, int starts, IlqgSettings settings, ulong seed)
    {
        (_space, _dynamics, _settings, _seed) = (space, dynamics, settings, seed);
        _cost = new StateCost(space.Coordinates, space.Observation, space.Reward, settings.Hessian);
        _planners = [.. Enumerable.Range(0, starts).Select(_ => new IlqgPlanner(settings))];
        (_s, _normals, _u) = (new double[space.Size], new double[space.Action], new double[space.Action]);
    }

    public bool Ready => _planners.Any(p => p.Controller is not null);

    public void Begin(IControlEnvironment environment, int episode)
    {
        _space.StateOf(environment, _s);
        _episode = episode;
        _chosen = _dynamics.StartOf(_s, environment.Constants);
        if (_planners[_chosen].Controller is null) _chosen = Array.FindIndex(_planners, p => p.Controller is not null);
    }

    public void Act(IControlEnvironment environment, Span<float> u)
    {
        // u ~ N(K s + k, Σ)
        _space.StateOf(environment, _s);
        ulong number = ((ulong)_episode << 24) | (uint)environment.StepIndex;
        for (int i = 0; i < _normals.Length; i++) _normals[i] = Philox.Normal(_seed, RandomStream.Plan, number, (uint)i + 1);
        LinearGaussianController controller = _planners[_chosen].Controller!;
        controller.Sample(environment.StepIndex, _s, _normals, _u);
        for (int i = 0; i < u.Length; i++)
        {
            if (!double.IsFinite(_u[i]))
                throw new NotFiniteNumberException("the planned action is not a finite number: the state is far from the plan's");
            u[i] = (float)Math.Clamp(_u[i], -1, 1);
        }
    }

    public void Improve(EpisodeMemory memory, Action<string> warn)
    {
        EpisodeRecord[] old = [.. Enumerable.Range(0, memory.OldCount).Select(memory.Old)];
        for (int c = 0; c < _planners.Length; c++)
        {
            bool own = _planners[c].Controller is not null;
            EpisodeRecord[] episodes = [.. old.Where(e => e.Planned == own && _dynamics.StartOf(e.State(0), e.Constants) == c)];
            if (episodes.Length == 0) continue;
            if (Refused(_planners[c], _dynamics.Model(_dynamics.ModelOf(c, own)), episodes) is { } reason)
                warn($"iLQG: {reason}; {(own ? "the last good controller stays" : "there is no controller yet")}");
        }
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_chosen);
        writer.Write(_episode);
        foreach (IlqgPlanner p in _planners) p.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        (_chosen, _episode) = (reader.ReadInt32(), reader.ReadInt32());
        foreach (IlqgPlanner p in _planners) p.Load(reader);
    }

    public void Dispose() { }

    // why there is no new controller; null: there is one
    private string? Refused(IlqgPlanner planner, TimeVaryingModel model, EpisodeRecord[] episodes)
    {
        try
        {
            return Step(planner, model, episodes).Reason;
        }
        catch (ArgumentException error)
        {
            return error.Message;
        }
    }

    private IlqgResult Step(IlqgPlanner planner, TimeVaryingModel model, EpisodeRecord[] episodes)
    {
        // where the episodes begin, and what is rewarded in them
        var starts = new SampleMoments(_space.Size);
        foreach (EpisodeRecord e in episodes) starts.Add(e.State(0));
        var constants = new double[_space.Observation.ConstantSize];
        foreach (EpisodeRecord e in episodes)
            for (int i = 0; i < constants.Length; i++) constants[i] += e.Constants[i] / episodes.Length;
        _cost.Constants = constants;

        // the controller that made the data: the planner's own where it ran some of them, or the one that u given s suggests
        LinearGaussianController previous = planner.Controller is { } own && episodes.Length > 1
            ? own
            : ControllerFit.Fit([.. episodes.Select(e => e.Samples())], _dynamics.Shape, _settings);
        double? cost = planner.Controller is null ? null : -episodes.Average(e => e.Score);
        return planner.Step(model, starts.Mean.ToArray(), starts.Covariance(), _cost, previous, cost);
    }
}
