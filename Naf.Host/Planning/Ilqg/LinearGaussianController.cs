namespace Naf.Host.Planning.Ilqg;

/// <summary>A time-varying linear-Gaussian controller, u ~ N(K_t s + k_t, Σ_t) for t = 0 … T − 1 (paper, equation 4). Immutable.</summary>
/// <remarks>Equation 4 writes û + k + K(s − ŝ) about a nominal trajectory; here û − Kŝ is part of k.</remarks>
public sealed class LinearGaussianController
{
    private readonly double[] _gain, _offset, _covariance, _factor;

    /// <param name="horizon">Time steps T.</param>
    /// <param name="state">Entries S of the state.</param>
    /// <param name="action">Entries A of the action.</param>
    /// <param name="gain">[T, A, S], K; kept, not copied.</param>
    /// <param name="offset">[T, A], k; kept, not copied.</param>
    /// <param name="covariance">[T, A, A], Σ, symmetric and positive semidefinite; kept, not copied.</param>
    /// <exception cref="ArgumentException">A size is wrong.</exception>
    public LinearGaussianController(int horizon, int state, int action, double[] gain, double[] offset, double[] covariance)
    {
        if (horizon < 1 || state < 1 || action < 1)
            throw new ArgumentException($"a controller of {horizon} steps, {state} states and {action} actions has no size; give 1 or more of each");
        CheckSize(nameof(gain), gain.Length, (long)horizon * action * state);
        CheckSize(nameof(offset), offset.Length, (long)horizon * action);
        CheckSize(nameof(covariance), covariance.Length, (long)horizon * action * action);
        (Horizon, State, Action) = (horizon, state, action);
        (_gain, _offset, _covariance) = (gain, offset, covariance);
        _factor = new double[covariance.Length];
        int square = action * action;
        for (int t = 0; t < horizon; t++) Factor(covariance.AsSpan(t * square, square), _factor.AsSpan(t * square, square), action);
        IsFinite = PlanningMatrix.IsFinite(gain) && PlanningMatrix.IsFinite(offset) && PlanningMatrix.IsFinite(covariance)
            && PlanningMatrix.IsFinite(_factor);
    }

    /// <summary>Time steps T.</summary>
    public int Horizon { get; }

    /// <summary>Entries S of the state.</summary>
    public int State { get; }

    /// <summary>Entries A of the action.</summary>
    public int Action { get; }

    /// <summary>[T, A, S], K.</summary>
    public ReadOnlySpan<double> Gain => _gain;

    /// <summary>[T, A], k.</summary>
    public ReadOnlySpan<double> Offset => _offset;

    /// <summary>[T, A, A], Σ.</summary>
    public ReadOnlySpan<double> Covariance => _covariance;

    /// <summary>Whether every number is finite; one that is not must not act.</summary>
    public bool IsFinite { get; }

    /// <summary>The same at every time step, without feedback: u ~ N(mean, deviation²) in each entry.</summary>
    /// <param name="mean">[A].</param>
    /// <param name="deviation">Standard deviation of each entry.</param>
    public static LinearGaussianController Constant(int horizon, int state, ReadOnlySpan<double> mean, double deviation)
    {
        int action = mean.Length;
        double[] offset = new double[horizon * action], covariance = new double[horizon * action * action];
        for (int t = 0; t < horizon; t++)
        {
            mean.CopyTo(offset.AsSpan(t * action));
            for (int i = 0; i < action; i++) covariance[(t * action + i) * action + i] = deviation * deviation;
        }
        return new LinearGaussianController(horizon, state, action, new double[horizon * action * state], offset, covariance);
    }

    /// <summary>K_t, [A, S].</summary>
    public ReadOnlySpan<double> GainAt(int t) => _gain.AsSpan(t * Action * State, Action * State);

    /// <summary>k_t, [A].</summary>
    public ReadOnlySpan<double> OffsetAt(int t) => _offset.AsSpan(t * Action, Action);

    /// <summary>Σ_t, [A, A].</summary>
    public ReadOnlySpan<double> CovarianceAt(int t) => _covariance.AsSpan(t * Action * Action, Action * Action);

    /// <summary>K_t s + k_t.</summary>
    /// <param name="t">Time step, 0 to T − 1.</param>
    /// <param name="s">[S].</param>
    /// <param name="u">[A], receives the action; not clipped.</param>
    public void Mean(int t, ReadOnlySpan<double> s, Span<double> u)
    {
        CheckSize(nameof(s), s.Length, State);
        CheckSize(nameof(u), u.Length, Action);
        for (int i = 0; i < Action; i++) u[i] = _offset[t * Action + i] + PlanningMatrix.Dot(s, _gain.AsSpan((t * Action + i) * State, State));
    }

    /// <summary>K_t s + k_t + C_t ε with C_t C_tᵀ = Σ_t.</summary>
    /// <param name="t">Time step, 0 to T − 1.</param>
    /// <param name="s">[S].</param>
    /// <param name="normals">[A], ε, independent standard normals.</param>
    /// <param name="u">[A], receives the action; not clipped.</param>
    public void Sample(int t, ReadOnlySpan<double> s, ReadOnlySpan<double> normals, Span<double> u)
    {
        CheckSize(nameof(normals), normals.Length, Action);
        Mean(t, s, u);
        for (int i = 0; i < Action; i++) u[i] += PlanningMatrix.Dot(normals, _factor.AsSpan((t * Action + i) * Action, Action));
    }

    /// <summary>Σ_t ½ ln |2πe Σ_t|, the entropy of the noise of an episode, in nats; −∞ where a direction has none.</summary>
    public double Entropy()
    {
        double sum = 0.5 * Horizon * Action * Math.Log(2 * Math.PI * Math.E);
        for (int t = 0; t < Horizon; t++)
            for (int i = 0; i < Action; i++) sum += Math.Log(_factor[(t * Action + i) * Action + i]);
        return sum;
    }

    /// <summary>Writes the sizes and every number; <see cref="Load"/> reads them back bitwise.</summary>
    public void Save(BinaryWriter writer)
    {
        writer.Write(Horizon);
        writer.Write(State);
        writer.Write(Action);
        foreach (double[] numbers in (double[][])[_gain, _offset, _covariance])
            foreach (double number in numbers) writer.Write(number);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static LinearGaussianController Load(BinaryReader reader)
    {
        (int horizon, int state, int action) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        return new LinearGaussianController(
            horizon, state, action, Read(horizon * action * state), Read(horizon * action), Read(horizon * action * action));

        double[] Read(int count)
        {
            var numbers = new double[count];
            for (int i = 0; i < count; i++) numbers[i] = reader.ReadDouble();
            return numbers;
        }
    }

    // C Cᵀ = Σ by columns; a direction without variance gets a column of zeros, and what is not a number stays that
    private static void Factor(ReadOnlySpan<double> covariance, Span<double> c, int n)
    {
        for (int j = 0; j < n; j++)
        {
            double pivot = covariance[j * n + j] - PlanningMatrix.Dot(c.Slice(j * n, j), c.Slice(j * n, j));
            if (pivot <= 1e-14 * covariance[j * n + j]) continue;
            double diagonal = c[j * n + j] = Math.Sqrt(pivot);
            for (int i = j + 1; i < n; i++)
                c[i * n + j] = (covariance[i * n + j] - PlanningMatrix.Dot(c.Slice(i * n, j), c.Slice(j * n, j))) / diagonal;
        }
    }

    private static void CheckSize(string name, int length, long expected)
    {
        if (length != expected) throw new ArgumentException($"{name} has {length} numbers, and the controller needs {expected}", name);
    }
}
