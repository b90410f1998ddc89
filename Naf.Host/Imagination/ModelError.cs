namespace Naf.Host.Imagination;

/// <summary>Prediction error of the dynamics on an unseen episode, in standard deviations of recent states.</summary>
/// <param name="OneStep">Root mean square over all entries and steps, one step ahead.</param>
/// <param name="MultiStep">The same l steps ahead, through predicted states and the recorded actions.</param>
internal readonly record struct ModelError(double OneStep, double MultiStep)
{
    /// <summary>Measures the error of mean predictions on an episode.</summary>
    /// <param name="scale">[S], 1 / standard deviation; entries of scale 0 do not count.</param>
    /// <param name="steps">l.</param>
    /// <param name="predict">Replaces s, [S], by the mean of s′ at time step t under u, [A].</param>
    internal static ModelError Of(
        EpisodeRecord episode, ReadOnlySpan<double> scale, int steps,
        Action<int, Span<double>, ReadOnlySpan<double>> predict)
    {
        double one = 0, many = 0;
        long ones = 0, manies = 0;
        double[] s = new double[scale.Length];
        // at most the length of the episode
        steps = Math.Min(steps, episode.Length);
        for (int start = 0; start < episode.Length; start++)
        {
            episode.State(start).CopyTo(s);
            int last = Math.Min(start + steps, episode.Length);
            for (int t = start; t < last; t++)
            {
                predict(t, s, episode.Action(t));
                if (t == start) Add(s, episode.State(t + 1), scale, ref one, ref ones);
                if (t + 1 == start + steps) Add(s, episode.State(t + 1), scale, ref many, ref manies);
            }
        }
        return new ModelError(Root(one, ones), Root(many, manies));
    }

    private static void Add(ReadOnlySpan<double> predicted, ReadOnlySpan<double> actual, ReadOnlySpan<double> scale,
        ref double sum, ref long count)
    {
        for (int i = 0; i < scale.Length; i++)
        {
            if (scale[i] == 0) continue;
            double error = scale[i] * (predicted[i] - actual[i]);
            sum += error * error;
            count++;
        }
    }

    private static double Root(double sum, long count) => count == 0 ? 0 : Math.Sqrt(sum / count);
}
