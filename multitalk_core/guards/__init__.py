"""What ends work in time: interruption, too little memory, numbers that are not finite."""
