using Naf.Gpu.Cpu;

namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>
/// Expectation-maximisation (Dempster, Laird and Rubin 1977) in double:
/// <code>
/// rₙₖ = πₖ N(zₙ; μₖ, Σₖ) / Σⱼ πⱼ N(zₙ; μⱼ, Σⱼ)
/// πₖ = Σₙ rₙₖ / N,   μₖ = Σₙ rₙₖ zₙ / Σₙ rₙₖ,   Σₖ = (Σₙ rₙₖ (zₙ − μₖ)(zₙ − μₖ)ᵀ + ν G) / (Σₙ rₙₖ + ν) + floor I
/// </code>
/// with G the covariance of all samples. Apart from the floor, no iteration decreases
/// Σₙ log p(zₙ) − ν / 2 Σₖ (log |Σₖ| + tr Σₖ⁻¹ G), the log posterior under an inverse Wishart prior on each covariance.
/// The first line runs in parallel over the samples, the second over the components; results do not depend on which
/// thread runs a task.
/// </summary>
internal sealed class MixtureFit
{
    // a smaller responsibility is set to 0: its effect on a mean or covariance is within rounding
    private const double Least = 1e-18;
    // a component with a smaller sum of responsibilities keeps its mean and covariance; only its weight is updated
    private const double Empty = 0.5;

    private readonly MixtureSamples _samples;
    private readonly MixtureSettings _settings;
    private readonly WorkTeam? _team;
    private readonly MixtureComponent[] _components;
    private readonly double[][] _responsibilities, _scratch;
    private readonly MixtureMoments[] _moments;
    private readonly double[] _logDensities, _divergences;
    private readonly MixtureComponent _all;
    private readonly double _shrinkage;

    public MixtureFit(MixtureSamples samples, MixtureSettings settings, WorkTeam? team)
    {
        (_samples, _settings, _team) = (samples, settings, team);
        int components = Math.Min(settings.Components, samples.Count), workers = team?.Threads ?? 1;
        int padded = samples.Blocks * MixtureSamples.Block;
        _components = [.. Enumerable.Range(0, components).Select(_ => new MixtureComponent(samples.Size))];
        _responsibilities = [.. _components.Select(_ => new double[padded])];
        _scratch = [.. Enumerable.Range(0, workers).Select(_ => new double[samples.Height * MixtureSamples.Block])];
        _moments = [.. Enumerable.Range(0, workers).Select(_ => new MixtureMoments(samples.Size))];
        _logDensities = new double[samples.Count];
        _shrinkage = settings.Shrinkage * samples.Size;
        _divergences = new double[components];
        _all = new MixtureComponent(samples.Size) { Weight = 1 };
    }

    /// <summary>Maximised objective / number of samples, at each expectation step.</summary>
    public List<double> Objectives { get; } = [];

    public MixtureComponent[] Run()
    {
        Begin();
        for (int i = 0; i < _settings.Iterations; i++)
        {
            Each(_samples.Blocks, Expect);
            Objectives.Add((_logDensities.Sum() - _shrinkage / 2 * _divergences.Sum()) / _samples.Count);
            if (i > 0 && Objectives[^1] - Objectives[^2] < _settings.Tolerance) break;
            Each(_components.Length, Maximise);
        }
        return _components;
    }

    // initial components from separate clusters, with the pooled covariance within the clusters for all of them
    private void Begin()
    {
        double[] equal = [.. Enumerable.Repeat(1.0, _samples.Count)];
        _moments[0].Take(_samples, equal, _all.Mean, _all.Covariance, _settings.Floor);
        _all.Factor(_settings.Floor);
        int[] assigned = new MixtureSeeds(_samples, _settings.Seed).Assign(_components.Length);
        for (int n = 0; n < assigned.Length; n++) _responsibilities[assigned[n]][n] = 1;
        var common = new double[_samples.Size * _samples.Size];
        for (int k = 0; k < _components.Length; k++)
        {
            MixtureComponent component = _components[k];
            int count = assigned.Count(a => a == k);
            component.Weight = (double)count / assigned.Length;
            _all.Mean.CopyTo(component.Mean, 0);
            // where samples are equal, some centres have no samples
            if (_moments[0].Take(_samples, _responsibilities[k], component.Mean, component.Covariance, 0))
                for (int i = 0; i < common.Length; i++) common[i] += component.Weight * component.Covariance[i];
        }
        for (int i = 0; i < _samples.Size; i++) common[i * (_samples.Size + 1)] += _settings.Floor;
        for (int k = 0; k < _components.Length; k++)
        {
            common.CopyTo(_components[k].Covariance, 0);
            Factor(k);
        }
    }

    private void Factor(int k)
    {
        _components[k].Factor(_settings.Floor);
        if (_shrinkage > 0) _divergences[k] = _components[k].Divergence(_all);
    }

    // expectation step for a block of samples
    private void Expect(int block, int worker)
    {
        int first = block * MixtureSamples.Block, count = _samples.CountOf(block);
        for (int k = 0; k < _components.Length; k++)
            _components[k].LogDensities(
                _samples, block, _scratch[worker], _responsibilities[k].AsSpan(first, MixtureSamples.Block));
        for (int n = first; n < first + count; n++)
        {
            double most = double.NegativeInfinity, sum = 0;
            foreach (double[] r in _responsibilities) most = Math.Max(most, r[n]);
            foreach (double[] r in _responsibilities) sum += r[n] = Math.Exp(r[n] - most);
            foreach (double[] r in _responsibilities) r[n] = r[n] < Least * sum ? 0 : r[n] / sum;
            _logDensities[n] = most + Math.Log(sum);
        }
    }

    // maximisation step for a component
    private void Maximise(int k, int worker)
    {
        MixtureComponent component = _components[k];
        double total = 0;
        for (int n = 0; n < _samples.Count; n++) total += _responsibilities[k][n];
        component.Weight = total / _samples.Count;
        if (total >= Empty)
        {
            double[] covariance = component.Covariance;
            _moments[worker].Take(_samples, _responsibilities[k], component.Mean, covariance, _settings.Floor);
            // shrink towards G, which includes the floor
            double share = _shrinkage / (total + _shrinkage);
            for (int i = 0; i < covariance.Length; i++) covariance[i] += share * (_all.Covariance[i] - covariance[i]);
        }
        Factor(k);
    }

    private void Each(int tasks, Action<int, int> work)
    {
        if (_team is not null)
            _team.Each(tasks, work);
        else
            for (int task = 0; task < tasks; task++) work(task, 0);
    }
}
