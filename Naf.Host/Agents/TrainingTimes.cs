namespace Naf.Host.Agents;

/// <summary>Parts of a training step.</summary>
internal enum TrainingPart
{
    /// <summary>μ(x) plus noise, the simulator, observation and reward, storing.</summary>
    Simulator,
    /// <summary>Imagined rollouts.</summary>
    Rollouts,
    /// <summary>Updates of the learners.</summary>
    Updates,
    /// <summary>Fitting the dynamics, their prior and their error.</summary>
    Fit,
    /// <summary>iLQG after a fit, and action selection by planners.</summary>
    Planning,
    /// <summary>Tests.</summary>
    Tests,
}

/// <summary>Time spent in each part of training, in stopwatch ticks; it does not affect learning.</summary>
internal sealed class TrainingTimes
{
    private readonly long[] _ticks = new long[Enum.GetValues<TrainingPart>().Length];

    /// <summary>The columns of the parts in timing.csv.</summary>
    public static IEnumerable<string> Columns =>
        Enum.GetNames<TrainingPart>().Select(part => $"{part.ToLowerInvariant()}_seconds");

    /// <summary>Seconds spent in a part so far.</summary>
    public double Seconds(TrainingPart part) => (double)_ticks[(int)part] / Stopwatch.Frequency;

    /// <summary>Seconds spent in each part so far, in the order of <see cref="TrainingPart"/>.</summary>
    public double[] All => [.. Enum.GetValues<TrainingPart>().Select(Seconds)];

    /// <summary>Goes on from the seconds that an earlier process spent.</summary>
    public void ContinueFrom(double[] seconds)
    {
        for (int part = 0; part < _ticks.Length; part++) _ticks[part] = (long)(seconds[part] * Stopwatch.Frequency);
    }

    /// <summary>Adds the time since <paramref name="from"/>, which is set to now.</summary>
    internal void Add(TrainingPart part, ref long from)
    {
        long now = Stopwatch.GetTimestamp();
        _ticks[(int)part] += now - from;
        from = now;
    }

    /// <summary>Moves ticks from one part to another.</summary>
    internal void Move(TrainingPart from, TrainingPart to, long ticks)
    {
        _ticks[(int)from] -= ticks;
        _ticks[(int)to] += ticks;
    }
}
