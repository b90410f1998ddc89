using Naf.Host.Policies;
using Naf.Host.Settings;
using Naf.Host.Training;
using Naf.Kernels.Settings;
using Naf.Sim;
using Naf.Sim.Control;

// trains on the environment in BeamSteering.cs, then steers one beam with the policy; usage: dotnet run -c Release --
// [EPISODES [SEED]]
var task = new EnvironmentTask("beam-steering", () => new BeamSteering());
var settings = new TrainingSettings
{
    Episodes = args.Length > 0 ? int.Parse(args[0]) : 300,
    Seed = args.Length > 1 ? ulong.Parse(args[1]) : 0,
    Learner = new LearnerSettings { Gamma = 0.9 },
    Exploration = new ExplorationSettings { Scale = 0.3 },
};
using TrainingRun run = TrainingRun.Begin(task, settings);
TrainingResult result = run.Train(progress: p =>
{
    if (p.EpisodesEnded % settings.TestEvery == 0)
        Console.WriteLine($"episode {p.EpisodesEnded}: test score {p.LastTest:0.00}");
});

using RunPolicy policy = RunPolicy.Open(result.Run);
using var beam = new BeamSteering();
double[] x = beam.Reset(seed: 12345);
var (observation, action) = (new float[16], new float[16]);
for (int step = 0; step < beam.MaxEpisodeSteps; step++)
{
    for (int i = 0; i < 16; i++) observation[i] = (float)x[i];
    policy.Act(observation, action);
    EnvironmentStep next = beam.Step([.. action.Select(u => (double)u)]);
    Console.WriteLine($"step {step}: rms {-next.Reward:0.000}");
    if (next.Terminated) break;
    x = next.Observation;
}
