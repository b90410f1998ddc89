using Naf.Host.Settings;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Searches for a plan by iLQG: expand dynamics and cost around the plan, change it by a backward pass, try step sizes and random changes side by
/// side, keep the cheapest. What it finds does not depend on the number of threads.
/// </summary>
internal sealed class MpcSearch
{
    /// <summary>Where the sequences of random plans begin, behind those of random changes.</summary>
    private const int ColdSequences = 1 << 19;

    private readonly PlanTeam _team;
    private readonly MpcSettings _settings;
    private readonly PlanExpansion _expansion;
    private readonly MpcBackwardPass _backward;
    private readonly Regularisation _regularisation;
    private readonly PlanTrajectory[] _candidates;
    private readonly double[] _alphas;
    private readonly Action<int, int> _try, _tryShifted, _tryCold;
    private PlanTrajectory _plan;
    private FeedbackLaw _law, _proposal;
    private PlanNoise _noise;
    private double _endWeight;
    private bool _proposed;
    private int _known, _iteration;

    /// <param name="team">Threads with their models.</param>
    /// <param name="capacity">Most steps of a plan.</param>
    /// <param name="settings">The settings.</param>
    public MpcSearch(PlanTeam team, int capacity, MpcSettings settings)
    {
        IPlanModel model = team.Models[0];
        (_team, _settings) = (team, settings);
        _expansion = new PlanExpansion(team, capacity, settings.DifferenceStep);
        _backward = new MpcBackwardPass(model.Tangent, model.Action);
        _regularisation = new Regularisation(settings);
        (_law, _proposal) = (New(), New());
        _plan = new PlanTrajectory(model, capacity);
        int steps = settings.LineSearchSteps, most = Math.Max(steps + settings.Samples, Math.Max(settings.ColdPlans + 1, 2));
        _candidates = [.. Enumerable.Range(0, most).Select(_ => new PlanTrajectory(model, capacity))];
        _alphas = [.. Enumerable.Range(0, steps).Select(i => Math.Pow(settings.SmallestStep, steps == 1 ? 0 : (double)i / (steps - 1)))];
        (_try, _tryShifted, _tryCold) = (Try, TryShifted, TryCold);

        FeedbackLaw New() => new(capacity, model.Tangent, model.Action);
    }

    /// <summary>The plan.</summary>
    public PlanTrajectory Plan => _plan;

    /// <summary>What its iterations came to so far.</summary>
    public MpcStatistics Statistics { get; private set; }

    /// <summary>Begins without a plan: tries the one that does nothing and random ones.</summary>
    /// <param name="state">[StateSize], x_0.</param>
    /// <param name="length">Steps of the plan.</param>
    /// <param name="endWeight">Factor on the cost of the last state.</param>
    /// <param name="noise">Random sequences.</param>
    public void Begin(ReadOnlySpan<double> state, int length, double endWeight, PlanNoise noise)
    {
        (_endWeight, _noise, _iteration) = (endWeight, noise, 0);
        _regularisation.Reset();
        _law.Clear();
        _plan.Length = length;
        _plan.Actions.Clear();
        Restart(state);
        _team.Run(_settings.ColdPlans + 1, _tryCold);
        Take(Best(_settings.ColdPlans + 1));
    }

    /// <summary>Begins with the last plan, some steps later: with its feedback where the state is another than planned, and without.</summary>
    /// <param name="state">[StateSize], x_0.</param>
    /// <param name="steps">Steps that have passed since.</param>
    /// <param name="length">Steps of the plan.</param>
    /// <param name="endWeight">Factor on the cost of the last state.</param>
    /// <param name="noise">Random sequences.</param>
    public void Continue(ReadOnlySpan<double> state, int steps, int length, double endWeight, PlanNoise noise)
    {
        (_endWeight, _noise, _iteration) = (endWeight, noise, 0);
        _known = _plan.Shift(steps, length);
        _law.Shift(steps, _known);
        for (int i = 0; i < 2; i++) state.CopyTo(_candidates[i].State(0));
        _plan.Cost = double.PositiveInfinity;
        _team.Run(2, _tryShifted);
        int best = Best(2);
        Take(best);

        // where neither can be simulated the actions stay
        if (best < 0) Restart(state);
    }

    /// <summary>Improves the plan; one that can't be improved stays.</summary>
    /// <param name="iterations">How often.</param>
    public void Improve(int iterations)
    {
        for (int i = 0; i < iterations; i++, _iteration++)
        {
            _proposed = Propose();
            int steps = _proposed ? _alphas.Length : 0;
            double before = _plan.Cost;
            _team.Run(steps + _settings.Samples, _try);
            int line = Best(steps), winner = Best(steps + _settings.Samples);
            Statistics = Statistics.With(winner < 0 ? null : winner < steps);

            // μ follows the line search, whether or not a random change was better still
            if (_proposed)
            {
                double alpha = line < 0 ? 0 : _alphas[line];
                double expected = -alpha * (_backward.Expected.Linear + alpha * _backward.Expected.Quadratic);
                _regularisation.Follow(line < 0 ? 0 : (before - _candidates[line].Cost) / expected, alpha);
                (_law, _proposal) = (_proposal, _law);
            }
            Take(winner);
        }
    }

    /// <summary>Writes what the next <see cref="Continue"/> begins with.</summary>
    public void Save(BinaryWriter writer)
    {
        _regularisation.Save(writer);
        writer.Write(_plan.Length);
        foreach (double number in _plan.States) writer.Write(number);
        foreach (double number in _plan.Actions) writer.Write(number);
        foreach (double number in _law.Gains(_plan.Length)) writer.Write(number);
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidDataException">It is of a plan with more steps than there is room for.</exception>
    public void Load(BinaryReader reader)
    {
        _regularisation.Load(reader);
        int length = reader.ReadInt32();
        if (length < 0 || length > _plan.Capacity)
            throw new InvalidDataException($"it holds a plan of {length} steps where this planner's have {_plan.Capacity} at most");
        _plan.Length = length;
        foreach (ref double number in _plan.States) number = reader.ReadDouble();
        foreach (ref double number in _plan.Actions) number = reader.ReadDouble();
        _law.Clear();
        foreach (ref double number in _law.Gains(length)) number = reader.ReadDouble();
    }

    /// <summary>Expands around the plan and runs the backward pass, with more regularisation where Q_uu is not positive definite.</summary>
    /// <returns>Whether there is a change to try.</returns>
    private bool Propose()
    {
        if (_alphas.Length == 0 || !double.IsFinite(_plan.Cost) || !_expansion.Around(_plan, _endWeight)) return false;
        for (int retry = 0; retry <= _settings.Retries; retry++)
        {
            if (_backward.Run(_plan, _expansion, _regularisation.Mu, _proposal)) return true;
            if (!_regularisation.Raise()) break;
        }
        return false;
    }

    private void Try(int i, int worker)
    {
        PlanTrajectory candidate = _candidates[i];
        candidate.Take(_plan);
        int steps = _proposed ? _alphas.Length : 0;
        if (i < steps)
        {
            candidate.Follow(_team.Models[worker], _plan, _proposal, _alphas[i], _plan.Length, _endWeight);
            return;
        }
        Disturb(candidate, _iteration * _settings.Samples + i - steps, _settings.SampleDeviation);
        candidate.Simulate(_team.Models[worker], _endWeight);
    }

    private void TryShifted(int i, int worker)
    {
        PlanTrajectory candidate = _candidates[i];
        candidate.Length = _plan.Length;
        candidate.Follow(_team.Models[worker], _plan, _law, 0, i == 0 ? _known : 0, _endWeight);
    }

    private void TryCold(int i, int worker)
    {
        PlanTrajectory candidate = _candidates[i];
        candidate.Take(_plan);
        if (i > 0) Disturb(candidate, ColdSequences + i, 1);
        candidate.Simulate(_team.Models[worker], _endWeight);
    }

    private void Disturb(PlanTrajectory candidate, int sequence, double deviation)
    {
        for (int k = 0; k < candidate.Length; k++)
        {
            Span<double> u = candidate.Action(k);
            _noise.Add(sequence, k, deviation, u);
            foreach (ref double entry in u) entry = Math.Clamp(entry, -1, 1);
        }
    }

    /// <summary>The cheapest of the first candidates; −1 where none is cheaper than the plan.</summary>
    private int Best(int count)
    {
        int best = -1;
        double least = _plan.Cost;
        for (int i = 0; i < count; i++)
            if (_candidates[i].Cost < least) (best, least) = (i, _candidates[i].Cost);
        return best;
    }

    private void Take(int candidate)
    {
        if (candidate >= 0) (_plan, _candidates[candidate]) = (_candidates[candidate], _plan);
    }

    private void Restart(ReadOnlySpan<double> state)
    {
        state.CopyTo(_plan.State(0));
        _plan.Cost = double.PositiveInfinity;
    }
}
